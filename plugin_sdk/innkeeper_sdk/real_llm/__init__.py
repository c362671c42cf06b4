"""The protocol, spoken for a plugin that runs on the real ``llm``: where its environment has that, not the SDK's own.

What the plugin's code sees is the real package, whatever its release. What that would look for on this machine, in
the person's name, is asked of the host.
"""
