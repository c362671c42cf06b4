"""SmolLM2-135M-Instruct on llama.cpp, as a plugin for `llm`."""
