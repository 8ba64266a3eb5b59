/**
 * The functions of Windows that the desktop host calls, declared once. Handles are numbers, 0 for none. Those that not every
 * Windows with UI Automation has are null where they are missing.
 */
import type { LibraryHandle } from 'koffi';
import type { Ffi } from '../uia/com.ts';

type Handle = number;
/** How a thread or a window sees scaled screens; the ones that Windows names are below zero. */
type DpiContext = number | bigint;

/** Declares them; on Windows only. */
export function windowsApi(ffi: Ffi) {
  const user = ffi.load('user32.dll');
  const kernel = ffi.load('kernel32.dll');
  const gdi = ffi.load('gdi32.dll');
  ffi.struct('POINT', { x: 'int32', y: 'int32' });
  ffi.proto('bool __stdcall EachWindow(size_t window, size_t given)');
  const of = <F extends (...args: never[]) => unknown>(library: LibraryHandle, declaration: string): F => {
    const { padded, padding } = paddedCall(declaration);
    const called = library.func(padded) as (...args: unknown[]) => unknown;
    return ((...args: unknown[]) => called(...args, ...padding)) as unknown as F;
  };
  const ifAny = <F extends (...args: never[]) => unknown>(file: string, declaration: string): F | null => {
    try {
      return of<F>(ffi.load(file), declaration);
    } catch {
      return null;
    }
  };
  return {
    EnumWindows: of<(each: (window: Handle) => boolean, given: number) => boolean>(
      user,
      'bool __stdcall EnumWindows(EachWindow *, size_t)',
    ),
    IsWindow: of<(window: Handle) => boolean>(user, 'bool __stdcall IsWindow(size_t)'),
    IsWindowVisible: of<(window: Handle) => boolean>(user, 'bool __stdcall IsWindowVisible(size_t)'),
    IsWindowEnabled: of<(window: Handle) => boolean>(user, 'bool __stdcall IsWindowEnabled(size_t)'),
    IsIconic: of<(window: Handle) => boolean>(user, 'bool __stdcall IsIconic(size_t)'),
    IsZoomed: of<(window: Handle) => boolean>(user, 'bool __stdcall IsZoomed(size_t)'),
    IsHungAppWindow: of<(window: Handle) => boolean>(user, 'bool __stdcall IsHungAppWindow(size_t)'),
    GetForegroundWindow: of<() => Handle>(user, 'size_t __stdcall GetForegroundWindow()'),
    SetForegroundWindow: of<(window: Handle) => boolean>(user, 'bool __stdcall SetForegroundWindow(size_t)'),
    BringWindowToTop: of<(window: Handle) => boolean>(user, 'bool __stdcall BringWindowToTop(size_t)'),
    GetWindow: of<(window: Handle, which: number) => Handle>(user, 'size_t __stdcall GetWindow(size_t, uint32)'),
    GetParent: of<(window: Handle) => Handle>(user, 'size_t __stdcall GetParent(size_t)'),
    GetAncestor: of<(window: Handle, which: number) => Handle>(user, 'size_t __stdcall GetAncestor(size_t, uint32)'),
    GetDlgCtrlID: of<(window: Handle) => number>(user, 'int __stdcall GetDlgCtrlID(size_t)'),
    WindowFromPoint: of<(point: { x: number; y: number }) => Handle>(user, 'size_t __stdcall WindowFromPoint(POINT)'),
    GetWindowLongW: of<(window: Handle, index: number) => number>(user, 'int32 __stdcall GetWindowLongW(size_t, int)'),
    GetWindowTextW: of<(window: Handle, text: Buffer, most: number) => number>(
      user,
      'int __stdcall GetWindowTextW(size_t, void *, int)',
    ),
    GetClassNameW: of<(window: Handle, text: Buffer, most: number) => number>(
      user,
      'int __stdcall GetClassNameW(size_t, void *, int)',
    ),
    GetWindowRect: of<(window: Handle, box: Buffer) => boolean>(user, 'bool __stdcall GetWindowRect(size_t, void *)'),
    GetWindowThreadProcessId: of<(window: Handle, process: Buffer) => number>(
      user,
      'uint32 __stdcall GetWindowThreadProcessId(size_t, void *)',
    ),
    MoveWindow: of<(window: Handle, x: number, y: number, width: number, height: number, paint: boolean) => boolean>(
      user,
      'bool __stdcall MoveWindow(size_t, int, int, int, int, bool)',
    ),
    ShowWindowAsync: of<(window: Handle, how: number) => boolean>(user, 'bool __stdcall ShowWindowAsync(size_t, int)'),
    PostMessageW: of<(window: Handle, message: number, w: Handle, l: Handle) => boolean>(
      user,
      'bool __stdcall PostMessageW(size_t, uint32, size_t, size_t)',
    ),
    SendMessageTimeoutW: of<
      (
        window: Handle,
        message: number,
        w: Handle,
        l: Buffer | bigint | null,
        flags: number,
        ms: number,
        result: Buffer,
      ) => Handle
    >(user, 'size_t __stdcall SendMessageTimeoutW(size_t, uint32, size_t, void *, uint32, uint32, void *)'),
    SendInput: of<(count: number, records: Buffer, size: number) => number>(
      user,
      'uint32 __stdcall SendInput(uint32, void *, int)',
    ),
    VkKeyScanW: of<(unit: number) => number>(user, 'int16 __stdcall VkKeyScanW(uint16)'),
    GetCursorPos: of<(point: Buffer) => boolean>(user, 'bool __stdcall GetCursorPos(void *)'),
    SetCursorPos: of<(x: number, y: number) => boolean>(user, 'bool __stdcall SetCursorPos(int, int)'),
    GetSystemMetrics: of<(which: number) => number>(user, 'int __stdcall GetSystemMetrics(int)'),
    MonitorFromWindow: of<(window: Handle, otherwise: number) => Handle>(
      user,
      'size_t __stdcall MonitorFromWindow(size_t, uint32)',
    ),
    GetMonitorInfoW: of<(monitor: Handle, info: Buffer) => boolean>(
      user,
      'bool __stdcall GetMonitorInfoW(size_t, void *)',
    ),
    /** From Windows 10 1607 on, as the one below. */
    SetThreadDpiAwarenessContext: ifAny<(context: DpiContext) => DpiContext>(
      'user32.dll',
      'intptr_t __stdcall SetThreadDpiAwarenessContext(intptr_t)',
    ),
    GetWindowDpiAwarenessContext: ifAny<(window: Handle) => DpiContext>(
      'user32.dll',
      'intptr_t __stdcall GetWindowDpiAwarenessContext(size_t)',
    ),
    /** From Windows 10 1703 on, which Windows Server 2016 is before. */
    SetProcessDpiAwarenessContext: ifAny<(context: DpiContext) => boolean>(
      'user32.dll',
      'bool __stdcall SetProcessDpiAwarenessContext(intptr_t)',
    ),
    SetProcessDpiAwareness: ifAny<(awareness: number) => number>(
      'shcore.dll',
      'int32 __stdcall SetProcessDpiAwareness(int)',
    ),
    DwmGetWindowAttribute: ifAny<(window: Handle, which: number, value: Buffer, size: number) => number>(
      'dwmapi.dll',
      'int32 __stdcall DwmGetWindowAttribute(size_t, uint32, void *, uint32)',
    ),
    PrintWindow: of<(window: Handle, context: Handle, flags: number) => boolean>(
      user,
      'bool __stdcall PrintWindow(size_t, size_t, uint32)',
    ),
    CreateWindowExW: of<(...args: unknown[]) => Handle>(
      user,
      'size_t __stdcall CreateWindowExW(uint32, str16, str16, uint32, int, int, int, int, intptr_t, size_t, size_t, size_t)',
    ),
    DestroyWindow: of<(window: Handle) => boolean>(user, 'bool __stdcall DestroyWindow(size_t)'),
    OpenClipboard: of<(owner: Handle) => boolean>(user, 'bool __stdcall OpenClipboard(size_t)'),
    CloseClipboard: of<() => boolean>(user, 'bool __stdcall CloseClipboard()'),
    EmptyClipboard: of<() => boolean>(user, 'bool __stdcall EmptyClipboard()'),
    GetClipboardData: of<(format: number) => Handle>(user, 'size_t __stdcall GetClipboardData(uint32)'),
    SetClipboardData: of<(format: number, memory: Handle) => Handle>(
      user,
      'size_t __stdcall SetClipboardData(uint32, size_t)',
    ),
    GetDC: of<(window: Handle) => Handle>(user, 'size_t __stdcall GetDC(size_t)'),
    ReleaseDC: of<(window: Handle, context: Handle) => number>(user, 'int __stdcall ReleaseDC(size_t, size_t)'),
    GlobalAlloc: of<(flags: number, bytes: number) => Handle>(kernel, 'size_t __stdcall GlobalAlloc(uint32, size_t)'),
    GlobalFree: of<(memory: Handle) => Handle>(kernel, 'size_t __stdcall GlobalFree(size_t)'),
    GlobalLock: of<(memory: Handle) => bigint | null>(kernel, 'void * __stdcall GlobalLock(size_t)'),
    GlobalUnlock: of<(memory: Handle) => boolean>(kernel, 'bool __stdcall GlobalUnlock(size_t)'),
    GlobalSize: of<(memory: Handle) => number>(kernel, 'size_t __stdcall GlobalSize(size_t)'),
    OpenProcess: of<(access: number, inherit: boolean, process: number) => Handle>(
      kernel,
      'size_t __stdcall OpenProcess(uint32, bool, uint32)',
    ),
    CloseHandle: of<(handle: Handle) => boolean>(kernel, 'bool __stdcall CloseHandle(size_t)'),
    QueryFullProcessImageNameW: of<(process: Handle, flags: number, name: Buffer, size: Buffer) => boolean>(
      kernel,
      'bool __stdcall QueryFullProcessImageNameW(size_t, uint32, void *, void *)',
    ),
    CreateToolhelp32Snapshot: of<(what: number, process: number) => Handle>(
      kernel,
      'size_t __stdcall CreateToolhelp32Snapshot(uint32, uint32)',
    ),
    Process32FirstW: of<(snapshot: Handle, entry: Buffer) => boolean>(
      kernel,
      'bool __stdcall Process32FirstW(size_t, void *)',
    ),
    Process32NextW: of<(snapshot: Handle, entry: Buffer) => boolean>(
      kernel,
      'bool __stdcall Process32NextW(size_t, void *)',
    ),
    Sleep: of<(ms: number) => void>(kernel, 'void __stdcall Sleep(uint32)'),
    CreateCompatibleDC: of<(context: Handle) => Handle>(gdi, 'size_t __stdcall CreateCompatibleDC(size_t)'),
    CreateCompatibleBitmap: of<(context: Handle, width: number, height: number) => Handle>(
      gdi,
      'size_t __stdcall CreateCompatibleBitmap(size_t, int, int)',
    ),
    SelectObject: of<(context: Handle, object: Handle) => Handle>(gdi, 'size_t __stdcall SelectObject(size_t, size_t)'),
    BitBlt: of<
      (
        to: Handle,
        x: number,
        y: number,
        width: number,
        height: number,
        from: Handle,
        fromX: number,
        fromY: number,
        how: number,
      ) => boolean
    >(gdi, 'bool __stdcall BitBlt(size_t, int, int, int, int, size_t, int, int, uint32)'),
    GetDIBits: of<
      (
        context: Handle,
        bitmap: Handle,
        first: number,
        rows: number,
        bits: Buffer,
        header: Buffer,
        use: number,
      ) => number
    >(gdi, 'int __stdcall GetDIBits(size_t, size_t, uint32, uint32, void *, void *, uint32)'),
    DeleteObject: of<(object: Handle) => boolean>(gdi, 'bool __stdcall DeleteObject(size_t)'),
    DeleteDC: of<(context: Handle) => boolean>(gdi, 'bool __stdcall DeleteDC(size_t)'),
  };
}

/** Arguments of every call, those that it does not have included. */
const LEAST_ARGUMENTS = 8;

/**
 * A declaration with more arguments than the function has, which it does not look at. Wine's way into its kernel reads
 * above the last of them, and koffi's own stack ends there: with a few more there is something to read.
 */
export function paddedCall(declaration: string): { readonly padded: string; readonly padding: readonly 0[] } {
  const [, head = '', inside = ''] = /^(.*)\((.*)\)$/.exec(declaration) ?? [];
  const given = inside.trim() === '' ? [] : inside.split(',').map((type) => type.trim());
  const padding = Array.from({ length: Math.max(LEAST_ARGUMENTS - given.length, 0) }, () => 0 as const);
  return { padded: `${head}(${[...given, ...padding.map(() => 'size_t')].join(', ')})`, padding };
}

export type WindowsApi = ReturnType<typeof windowsApi>;

/** The text of a function that fills a buffer and answers how many characters there are. */
export function textOf(fill: (text: Buffer, most: number) => number, most = 512): string {
  const text = Buffer.alloc(most * 2);
  return text.toString('utf16le', 0, Math.max(fill(text, most), 0) * 2);
}
