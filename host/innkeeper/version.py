"""This host's version; a test holds it to the distribution's."""

VERSION = "0.1.0"
