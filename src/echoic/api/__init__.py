"""The public interface: prepare, fit, train, load. Independent of single jobs."""
