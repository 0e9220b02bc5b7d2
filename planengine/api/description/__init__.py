"""The API's description of itself: OpenAPI, its codes with their meanings, and the pages that show it."""
