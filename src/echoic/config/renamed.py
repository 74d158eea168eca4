"""Other names of settings and sections, before 0.1.0 and in other libraries: each is refused with the name here."""

RENAMED = {
    # sections
    "drift": "regularization",
    "front": "encoder",
    "parts": "split",
    # training
    "average": "ema_decay",
    "checkpoint_seconds": "checkpoint_interval_s",
    "checks": "evals_per_epoch",
    "clip": "grad_clip_norm",
    "feed_back": "scheduled_sampling",
    "input_noise": "input_noise_std",
    "schedule": "lr_schedule",
    "warmup": "warmup_fraction",
    # network
    "chord_width": "chord_hidden_size",
    "class_weights": "class_weight",
    "components": "mixture_components",
    "embedding": "embedding_dim",
    "frames_learned": "trained_frame_fraction",
    "levels": "quantiles",
    "place_width": "conditioning_size",
    "sample_width": "fast_hidden_size",
    "tied": "tie_embeddings",
    "variational": "variational_dropout",
    # convolutions
    "channels": "conv_channels",
    "kernel": "kernel_size",
    "stride": "conv_stride",
    # tables, clips and text
    "future": "future_covariates",
    "labels": "labels_path",
    "past": "past_covariates",
    "static": "static_covariates",
    "symbols": "tokenizer",
    "test": "test_data",
    # windows and scaling of forecasts
    "align": "season_aligned_fraction",
    "base": "residual_baseline",
    "batches": "batching",
    "dev_windows": "max_dev_windows",
    "lookahead": "strategy",
    "recent": "recency_exponent",
    "segment": "segment_steps",
    "window_scale": "instance_norm",
    # sound and music
    "band_mask_bands": "freq_mask_param",
    "band_masks": "n_freq_masks",
    "bands": "n_mels",
    "cache": "cache_dir",
    "chunk": "tbptt_steps",
    "clean_up": "postprocess",
    "emphasis": "preemphasis",
    "frame_of": "frame_features",
    "gain_db": "max_gain_db",
    "keys": "transpose",
    "noise": "noise_std",
    "outside": "out_of_range",
    "pitches": "pitch_range",
    "shift_steps": "max_shift_steps",
    "stream": "state_reset_steps",
    "time_mask_steps": "time_mask_param",
    "time_masks": "n_time_masks",
}
"""Old names and new ones. An old name that a job still uses for something else is valid there."""

ELSEWHERE = {
    "context_length": "lookback",
    "hidden_size": "layers",
    "learning_rate": "lr",
    "max_epochs": "epochs",
    "max_steps": "steps",
    "n_epochs": "epochs",
    "num_epochs": "epochs",
    "num_layers": "layers",
    "prediction_length": "horizon",
    "random_state": "seed",
    "sampling_rate": "rate_hz",
    "window_size": "lookback",
}
"""Names of settings in other libraries, and the name here."""
