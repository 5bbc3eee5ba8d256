// blas
