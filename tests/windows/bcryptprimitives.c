/* Wine 8 lacks this library of Windows 10, from which Rust's standard library takes its randomness. For the tests only. */
__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *buffer, unsigned long length); /* RtlGenRandom */

__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *data, unsigned long long length)
{
    return SystemFunction036(data, (unsigned long)length);
}
