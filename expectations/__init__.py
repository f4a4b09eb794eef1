"""Gates as code: what must hold after each stage, and the engine that asks Great Expectations whether it does."""
