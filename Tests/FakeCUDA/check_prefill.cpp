// The text prefill.cu on the CPU.
#include "prefill_check.h"

#include "../../Kernels/CUDA/prefill.cu"

template <auto kernel, int D>
static void checkKernel() {
  checkPrefills<D>([](PrefillCall call) {
    Entry<kernel>::launch(
        "prefill_attention", {unsigned(call.batch * call.headsQ), unsigned((call.seqQ + 127) / 128)}, {128},
        768 * D, call.out, call.q, call.k, call.v, call.headsQ, call.headsKV, call.seqQ, call.seqKV,
        call.isCausal, call.scale);
  });
}

int main() {
  checkKernel<prefill_attention_bf16_128, 128>();
  checkKernel<prefill_attention_bf16_64, 64>();
  return finish();
}
