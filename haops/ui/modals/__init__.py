"""Questions, one at a time. Each is answered or left with esc; left means no."""
