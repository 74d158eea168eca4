"""The live server: runs as streams over WebSockets, and a page to use them."""
