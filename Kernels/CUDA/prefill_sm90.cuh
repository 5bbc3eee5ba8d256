// Instructions of groups of four warps that sm_90a has (wgmma): products whose operands lie in shared memory.
//
// A group's 128 threads issue them together, and they run on while the threads go on: registers that they
// read or write are not touched between openGroup and a wait; pin() keeps the compiler to that.
//
// In shared memory an operand lies in rows of 128 bytes, eight rows after each other (1024 bytes, a multiple
// of that as address), 16-byte chunk c of row r at place c ^ r % 8. Of K-major operands (rows of A, rows of
// Bᵀ) a row holds 64 elements along K; of N-major B (rows of B) it holds 64 elements along N.

/// What an instruction knows of an operand: where it begins, how far apart groups of 8 rows are (`stride`),
/// and, N-major, groups of 64 columns (`leading`).
__device__ __forceinline__ u64 describe(u32 address, u32 leading, u32 stride) {
  return (u64)1 << 62 | (u64)(stride >> 4) << 32 | (u64)(leading >> 4) << 16 | (address & 0x3FFFF) >> 4;
}

/// The same operand, begun `bytes` later.
__device__ __forceinline__ u64 later(u64 description, u32 bytes) { return description + (bytes >> 4); }

/// Makes what this thread wrote to shared memory visible to the group's products; a barrier follows.
__device__ __forceinline__ void publishShared() {
#ifndef PLIMSOLL_EMULATION
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}

/// Before the first product that reads or writes registers which other instructions wrote.
__device__ __forceinline__ void openGroup() {
#ifndef PLIMSOLL_EMULATION
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}

/// Waits for all products of the group.
__device__ __forceinline__ void finishGroup() {
#ifndef PLIMSOLL_EMULATION
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
  asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
#endif
}

/// The compiler computes what it has to do with the numbers before here, or after.
template <int count>
__device__ __forceinline__ void pin([[maybe_unused]] float (&numbers)[count]) {
#ifndef PLIMSOLL_EMULATION
#pragma unroll
  for (int i = 0; i < count; ++i) asm volatile("" : "+f"(numbers[i])::"memory");
#endif
}
template <int count>
__device__ __forceinline__ void pin([[maybe_unused]] u32 (&words)[count]) {
#ifndef PLIMSOLL_EMULATION
#pragma unroll
  for (int i = 0; i < count; ++i) asm volatile("" : "+r"(words[i])::"memory");
#endif
}

#ifndef PLIMSOLL_EMULATION
#define SIXTY_FOUR_NAMES                                                             \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "           \
  "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, " \
  "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, " \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define SIXTY_FOUR_SUMS(d)                                                                                  \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]),           \
      "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), \
      "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]),            \
      "+f"(d[23]), "+f"(d[24]), "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]),            \
      "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]),            \
      "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), "+f"(d[41]), "+f"(d[42]), "+f"(d[43]),            \
      "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), "+f"(d[49]), "+f"(d[50]),            \
      "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]), "+f"(d[57]),            \
      "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63])
#endif

/// d (64, 128) = a (64, 16) · b (16, 128), or d += where `adds`; a and b K-major. A thread holds of D rows
/// 16·warp + lane / 4 and 8 more: d[4j], d[4j + 1] are columns 8j + lane % 4 · 2 and the next, d[4j + 2],
/// d[4j + 3] those 8 rows on.
__device__ __forceinline__ void multiplyGroup(float (&d)[64], u64 a, u64 b, bool adds) {
#ifdef PLIMSOLL_EMULATION
  emulation::multiplyGroup(d, nullptr, a, b, adds, false);
#else
  asm volatile(
      "{\n.reg .pred adds;\nsetp.ne.b32 adds, %66, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" SIXTY_FOUR_NAMES
      "}, %64, %65, adds, 1, 1, 0, 0;\n}"
      : SIXTY_FOUR_SUMS(d)
      : "l"(a), "l"(b), "r"((int)adds));
#endif
}

/// d (64, 128) += a (64, 16) · b (16, 128), b N-major, a in registers as multiplyBrains has it, 16 rows a
/// warp.
__device__ __forceinline__ void multiplyGroup(float (&d)[64], const u32 (&a)[4], u64 b) {
#ifdef PLIMSOLL_EMULATION
  emulation::multiplyGroup(d, a, 0, b, true, true);
#else
  asm volatile("wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" SIXTY_FOUR_NAMES
               "}, {%64, %65, %66, %67}, %68, 1, 1, 1, 1;"
               : SIXTY_FOUR_SUMS(d)
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
#endif
}
