"""The views: each draws a scene; `all_views` has them in the order of their keys."""
