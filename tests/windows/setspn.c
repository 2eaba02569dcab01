// Stands in for setspn.exe: adds its arguments as a line to the file SETSPN_CALLS, and ends with SETSPN_CODE at call SETSPN_FAILS.
#include <stdio.h>
#include <stdlib.h>

static int number(const char *name) {
    const char *value = getenv(name);
    return value ? atoi(value) : 0;
}

int main(int argc, char **argv) {
    FILE *calls = fopen(getenv("SETSPN_CALLS"), "a+b");
    if (!calls) return 99;
    int call = 1;
    rewind(calls);
    for (int byte; (byte = fgetc(calls)) != EOF;) call += byte == '\n';
    fseek(calls, 0, SEEK_END);
    for (int argument = 1; argument < argc; argument++) fprintf(calls, "%s%s", argument > 1 ? "\t" : "", argv[argument]);
    fputc('\n', calls);
    fclose(calls);
    return call == number("SETSPN_FAILS") ? number("SETSPN_CODE") : 0;
}
