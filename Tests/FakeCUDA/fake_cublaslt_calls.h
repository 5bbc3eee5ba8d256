// The calls of fake_cublaslt.cpp.
#pragma once

EXPORT size_t cublasLtGetVersion(void) { return 120901; }
EXPORT const char *cublasLtGetStatusName(int status) {
  return status == 7 ? "CUBLAS_STATUS_INVALID_VALUE" : status == 15 ? "CUBLAS_STATUS_NOT_SUPPORTED"
    : status == 13 ? "CUBLAS_STATUS_EXECUTION_FAILED" : "CUBLAS_STATUS_INTERNAL_ERROR";
}
EXPORT int cublasLtCreate(ccuda_blas_handle *handle) {
  ENTER(cublasLtCreate)
  *handle = reinterpret_cast<ccuda_blas_handle>(new int);
  return 0;
}
EXPORT int cublasLtDestroy(ccuda_blas_handle handle) {
  ENTER(cublasLtDestroy)
  delete reinterpret_cast<int *>(handle);
  return 0;
}
EXPORT int cublasLtMatmulDescCreate(ccuda_blas_description *made, int compute, int scale) {
  ENTER(cublasLtMatmulDescCreate)
  *made = new Description{compute, scale};
  return 0;
}
EXPORT int cublasLtMatmulDescDestroy(ccuda_blas_description description) {
  ENTER(cublasLtMatmulDescDestroy)
  delete static_cast<Description *>(description);
  return 0;
}
EXPORT int cublasLtMatmulDescSetAttribute(
    ccuda_blas_description description, int attribute, const void *value, size_t bytes) {
  ENTER(cublasLtMatmulDescSetAttribute)
  Description &own = *static_cast<Description *>(description);
  auto set = [&](auto &field) { return bytes == sizeof field ? (memcpy(&field, value, bytes), 0) : 7; };
  switch (attribute) {
    case CCUDA_PRODUCT_TRANSPOSE_A: return set(own.transposeA);
    case CCUDA_PRODUCT_TRANSPOSE_B: return set(own.transposeB);
    case CCUDA_PRODUCT_SCALE_A: return set(own.scaleA);
    case CCUDA_PRODUCT_SCALE_B: return set(own.scaleB);
    case CCUDA_PRODUCT_FAST_ACCUMULATION: return set(own.isFast);
    default: return 7;
  }
}
EXPORT int cublasLtMatrixLayoutCreate(
    ccuda_blas_layout *made, int type, uint64_t rows, uint64_t columns, int64_t leading) {
  ENTER(cublasLtMatrixLayoutCreate)
  if (leading < int64_t(rows) || bytesOf(type) == 0) return 7;
  *made = new Layout{type, rows, columns, leading};
  return 0;
}
EXPORT int cublasLtMatrixLayoutDestroy(ccuda_blas_layout layout) {
  ENTER(cublasLtMatrixLayoutDestroy)
  delete static_cast<Layout *>(layout);
  return 0;
}
EXPORT int cublasLtMatrixLayoutSetAttribute(
    ccuda_blas_layout layout, int attribute, const void *value, size_t bytes) {
  ENTER(cublasLtMatrixLayoutSetAttribute)
  Layout &own = *static_cast<Layout *>(layout);
  auto set = [&](auto &field) { return bytes == sizeof field ? (memcpy(&field, value, bytes), 0) : 7; };
  if (attribute == CCUDA_LAYOUT_BATCH_COUNT) return set(own.batch);
  return attribute == CCUDA_LAYOUT_BATCH_STRIDE ? set(own.stride) : 7;
}
EXPORT int cublasLtMatmulPreferenceCreate(ccuda_blas_preference *made) {
  ENTER(cublasLtMatmulPreferenceCreate)
  *made = new Preference;
  return 0;
}
EXPORT int cublasLtMatmulPreferenceDestroy(ccuda_blas_preference preference) {
  ENTER(cublasLtMatmulPreferenceDestroy)
  delete static_cast<Preference *>(preference);
  return 0;
}
EXPORT int cublasLtMatmulPreferenceSetAttribute(
    ccuda_blas_preference preference, int attribute, const void *value, size_t bytes) {
  ENTER(cublasLtMatmulPreferenceSetAttribute)
  uint64_t &workspace = static_cast<Preference *>(preference)->workspace;
  if (attribute == CCUDA_PREFERENCE_REDUCTIONS) return bytes != sizeof(uint32_t) ? 7 : 0;
  if (attribute != CCUDA_PREFERENCE_WORKSPACE_BYTES || bytes != sizeof workspace) return 7;
  memcpy(&workspace, value, bytes);
  return 0;
}

/// Candidate i: its id and the workspace that it needs.
static const uint64_t algorithmIDs[] = {66, 21, 7};
static const size_t workspaces[] = {4096, 0, 65536};

EXPORT int cublasLtMatmulAlgoGetHeuristic(
    ccuda_blas_handle, ccuda_blas_description description, ccuda_blas_layout a, ccuda_blas_layout b,
    ccuda_blas_layout c, ccuda_blas_layout d, ccuda_blas_preference preference, int asked,
    ccuda_blas_candidate *candidates, int *found) {
  ENTER(cublasLtMatmulAlgoGetHeuristic)
  *found = 0;
  auto layout = [](ccuda_blas_layout each) { return *static_cast<Layout *>(each); };
  if (layout(c).type != layout(d).type) return 7;
  if (!isSupported(*static_cast<Description *>(description), layout(a), layout(b), layout(d))) return 15;
  for (int i = 0; i < 3 && *found < asked; ++i) {
    if (workspaces[i] > static_cast<Preference *>(preference)->workspace) continue;
    candidates[*found] = {};
    candidates[*found].algorithm.data[0] = algorithmIDs[i];
    candidates[*found].workspace_bytes = workspaces[i];
    candidates[*found].waves = 0.5f * float(i + 1);
    ++*found;
  }
  return 0;
}
EXPORT int cublasLtMatmulAlgoConfigGetAttribute(
    const ccuda_blas_algorithm *algorithm, int attribute, void *value, size_t bytes, size_t *written) {
  ENTER(cublasLtMatmulAlgoConfigGetAttribute)
  size_t own = attribute >= CCUDA_ALGORITHM_INNER ? 2 : 4;
  if (bytes != own || attribute > CCUDA_ALGORITHM_CLUSTER) return 7;
  uint32_t number = attribute == CCUDA_ALGORITHM_ID ? uint32_t(algorithm->data[0]) : uint32_t(attribute);
  memcpy(value, &number, own);
  *written = own;
  return 0;
}

/// The product by its definition, column-major.
static void multiply(
    const Description &product, const Layout &a, const Layout &b, const Layout &d, const void *aPlace,
    const void *bPlace, void *dPlace, double alpha) {
  int64_t inner = int64_t(product.transposeA ? a.rows : a.columns);
  double factor = alpha * (product.scaleA ? *product.scaleA : 1) * (product.scaleB ? *product.scaleB : 1);
  bool isTF32 = product.compute == CCUDA_COMPUTE_TF32;
  for (int64_t batch = 0; batch < d.batch; ++batch)
    for (int64_t j = 0; j < int64_t(d.columns); ++j)
      for (int64_t i = 0; i < int64_t(d.rows); ++i) {
        double sum = 0;
        for (int64_t p = 0; p < inner; ++p) {
          int64_t x = batch * a.stride + (product.transposeA ? i * a.leading + p : p * a.leading + i);
          int64_t y = batch * b.stride + (product.transposeB ? p * b.leading + j : j * b.leading + p);
          double left = read(aPlace, a.type, x), right = read(bPlace, b.type, y);
          sum += isTF32 ? rounded(left, 10) * rounded(right, 10) : left * right;
        }
        write(dPlace, d.type, batch * d.stride + j * d.leading + i, factor * sum);
      }
}

EXPORT int cublasLtMatmul(
    ccuda_blas_handle, ccuda_blas_description description, const void *alpha, const void *a,
    ccuda_blas_layout a_layout, const void *b, ccuda_blas_layout b_layout, const void *beta, const void *,
    ccuda_blas_layout, void *d, ccuda_blas_layout d_layout, const ccuda_blas_algorithm *algorithm, void *workspace,
    size_t workspace_bytes, ccuda_stream handle) {
  ENTER(cublasLtMatmul)
  Description product = *static_cast<Description *>(description);
  Layout left = *static_cast<Layout *>(a_layout), right = *static_cast<Layout *>(b_layout);
  Layout result = *static_cast<Layout *>(d_layout);
  Stream *stream = reinterpret_cast<Stream *>(handle);
  if (!stream || stream->magic != streamMagic) return 1;
  size_t needed = 0;
  for (int i = 0; i < 3; ++i)
    if (algorithmIDs[i] == algorithm->data[0]) needed = workspaces[i];
  if (workspace_bytes < needed || (needed > 0 && !stream->holds(stream, workspace, needed))) return 7;
  double zero = read(beta, product.scale, 0), factor = read(alpha, product.scale, 0);
  if (zero != 0 || !isSupported(product, left, right, result)) return 15;
  for (const void *place : {a, b, static_cast<const void *>(d)})
    if (reinterpret_cast<size_t>(place) % 256 != 0) return 15;
  bool isWrong = lists("WRONG", "cublasLtMatmul");
  int code = stream->submit(stream, [=] {
    if (!stream->holds(stream, a, span(left)) || !stream->holds(stream, b, span(right))
        || !stream->holds(stream, d, span(result)))
      return 700;
    multiply(product, left, right, result, a, b, d, factor);
    if (isWrong) memset(d, 0x47, bytesOf(result.type));
    return 0;
  });
  return code == 0 ? 0 : 13;
}
