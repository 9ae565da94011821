/*
 * Which implementation of the hot loops runs: chosen by the CPU alone. Nothing from outside (environment, files,
 * callers) may choose, as that would let an attacker pick the one that suits him.
 */
#ifndef RV_VECTOR_PATH_H
#define RV_VECTOR_PATH_H

typedef enum {
    /* Plain C, for every machine; the reference for the others, which give the same results to the last bit. */
    PATH_PORTABLE,
    /* AVX2 and FMA: x86-64 since about 2013. */
    PATH_AVX2,
    /* AVX-512 with IFMA52 and VBMI: Ice Lake, Sapphire Rapids, Zen 4 and later. */
    PATH_AVX512,
} vector_path;

#if defined(__x86_64__)
#define RV_HAS_VECTOR_PATHS 1
/* Only functions that carry these marks may use the instructions: the library itself runs on any x86-64. */
#define USES_AVX2 __attribute__((target("avx2,fma")))
#define USES_AVX512 __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512ifma,avx512vbmi")))
#else
#define RV_HAS_VECTOR_PATHS 0
#endif

/* Whether CPU and kernel have the instructions of a path. */
int path_is_supported(vector_path path);

/* The best path that is supported. Tests define RV_FORCED_PATH, as a path or as the variable below, which is theirs. */
vector_path chosen_path(void);
extern vector_path path_under_test;

#endif
