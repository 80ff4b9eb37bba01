"""HTTP below the routes: middleware, problems, guards, cookies, forms."""
