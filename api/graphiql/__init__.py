"""GraphiQL: its sources, the example operations in its tabs, and the build that makes `dist/` of them."""
