"""The control plane itself: is it there, who asks, what can be asked."""
