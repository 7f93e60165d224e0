"""`m3m up`: one parent loads the platform once, forks its processes and watches them."""
