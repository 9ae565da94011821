#include "library_test.h"

#include <string.h>

int main(int argc, char **argv) {
    const char *command = argc > 1 ? argv[1] : "";
    if (argc == 5 && strcmp(command, "golden") == 0) {
        test_golden(argv[2], argv[3], argv[4]);
    } else if (argc == 4 && strcmp(command, "refusals") == 0) {
        test_message_refusals(argv[2]);
        test_interface_refusals(argv[2], argv[3]);
    } else if (argc == 3 && strcmp(command, "memory") == 0) {
        test_key_memory(argv[2]);
    } else if (argc == 4 && strcmp(command, "keys") == 0) {
        test_keys(argv[2], argv[3]);
    } else {
        STOP("usage: library_test golden KEY TEXT CASES | refusals KEY WORK | memory KEY | keys DIM DIRECTORY");
    }
    return 0;
}
