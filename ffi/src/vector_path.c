#include "vector_path.h"

/* The compiler's run time asks the CPU (and the kernel, by XGETBV) once, at load; each of these tests its answer. */
int path_is_supported(vector_path path) {
#if RV_HAS_VECTOR_PATHS
    if (path == PATH_AVX2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (path == PATH_AVX512) {
        return path_is_supported(PATH_AVX2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512ifma") &&
               __builtin_cpu_supports("avx512vbmi");
    }
#endif
    return path == PATH_PORTABLE;
}

vector_path chosen_path(void) {
#ifdef RV_FORCED_PATH
    return RV_FORCED_PATH;
#else
    if (path_is_supported(PATH_AVX512)) return PATH_AVX512;
    return path_is_supported(PATH_AVX2) ? PATH_AVX2 : PATH_PORTABLE;
#endif
}
