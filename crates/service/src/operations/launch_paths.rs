//! Launch paths: the portfolios through which a caller may launch a product.
