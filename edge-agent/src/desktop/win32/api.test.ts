/** How functions of Windows are declared. */
import { expect, test } from 'vitest';
import type { Ffi } from '../uia/com.ts';
import { paddedCall, windowsApi } from './api.ts';

test('a call has arguments to spare, behind its own', () => {
  const { padded, padding } = paddedCall('bool __stdcall IsWindow(size_t)');
  expect(padded).toBe(`bool __stdcall IsWindow(size_t${', size_t'.repeat(7)})`);
  expect(padding).toEqual([0, 0, 0, 0, 0, 0, 0]);
  expect(paddedCall('size_t __stdcall GetForegroundWindow()').padding).toHaveLength(8);
  expect(paddedCall('int f(int, int, int, int, int, int, int, int, int)')).toEqual({
    padded: 'int f(int, int, int, int, int, int, int, int, int)',
    padding: [],
  });
});

test('what an older Windows lacks is null, and the rest is there', () => {
  const missing = /SetProcessDpiAwarenessContext/;
  const ffiDouble = {
    load: (file: string) => {
      if (file === 'dwmapi.dll') throw new Error('no such library');
      return {
        func: (declaration: string) => {
          if (missing.test(declaration)) throw new Error('no such function');
          return () => 1;
        },
      };
    },
    struct: () => undefined,
    proto: () => undefined,
  } as unknown as Ffi;
  const api = windowsApi(ffiDouble);
  expect([api.SetProcessDpiAwarenessContext, api.DwmGetWindowAttribute]).toEqual([null, null]);
  expect([api.SetThreadDpiAwarenessContext?.(-4), api.GetSystemMetrics(0)]).toEqual([1, 1]);
});
