"""The widgets around the views: top line, tabs, timeline, notice, key bar, notifications."""
