// The text prefill_sm90.cuh and prefill_sm90.cu on the CPU.
#include "prefill_check.h"

#include "../../Kernels/CUDA/prefill_sm90.cuh"
#include "../../Kernels/CUDA/prefill_sm90.cu"

int main() {
  checkPrefills<128>([](PrefillCall call) {
    LAUNCH(
        prefill_attention_sm90_bf16_128,
        {unsigned(call.batch * call.headsQ), unsigned((call.seqQ + 127) / 128)}, {256}, 196608, call.out,
        call.q, call.k, call.v, call.headsQ, call.headsKV, call.seqQ, call.seqKV, call.isCausal, call.scale);
  });
  return finish();
}
