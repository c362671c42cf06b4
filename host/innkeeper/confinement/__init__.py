"""What a plugin may touch, and how this machine enforces it. Import from the modules: each is quick on its own."""
