"""Voices: what a resident says aloud becomes words, and words become a voice."""
