/** The clipboard of the session, as text. */
import { DesktopError } from '../desktop-error.ts';
import type { Ffi } from '../uia/com.ts';
import type { WindowsApi } from './api.ts';

const UNICODE_TEXT = 13;
const MOVEABLE = 2;
const MESSAGE_ONLY = -3;
/** Other programs hold it for moments only. */
const TRIES = 20;
const BETWEEN_MS = 25;
const MOST_BYTES = 2_000_000;

/** @throws DesktopError CLIPBOARD_UNREADABLE */
export function readClipboard(ffi: Ffi, api: WindowsApi): string {
  return opened(api, 0, () => {
    const memory = api.GetClipboardData(UNICODE_TEXT);
    const at = memory === 0 ? null : api.GlobalLock(memory);
    if (at === null) throw unreadable('it holds no text');
    try {
      const size = api.GlobalSize(memory);
      if (size > MOST_BYTES) throw unreadable('it holds too much');
      const text = Buffer.from(new Uint8Array(ffi.view(at, size))).toString('utf16le');
      const end = text.indexOf('\0');
      return end === -1 ? text : text.slice(0, end);
    } finally {
      api.GlobalUnlock(memory);
    }
  });
}

/**
 * Windows takes text only from whoever has a window: it is there for the moment alone, since a window that nobody reads
 * messages for would make others wait.
 *
 * @throws DesktopError CLIPBOARD_UNREADABLE
 */
export function writeClipboard(ffi: Ffi, api: WindowsApi, text: string): void {
  const owner = api.CreateWindowExW(0, 'STATIC', 'casare', 0, 0, 0, 0, 0, MESSAGE_ONLY, 0, 0, 0);
  try {
    opened(api, owner, () => {
      api.EmptyClipboard();
      const bytes = Buffer.from(`${text}\0`, 'utf16le');
      const memory = api.GlobalAlloc(MOVEABLE, bytes.length);
      const at = api.GlobalLock(memory);
      if (at === null) throw unreadable('there is no memory for it');
      new Uint8Array(ffi.view(at, bytes.length)).set(bytes);
      api.GlobalUnlock(memory);
      // From here on the memory is the clipboard's.
      if (api.SetClipboardData(UNICODE_TEXT, memory) !== 0) return;
      api.GlobalFree(memory);
      throw unreadable('it takes no text');
    });
  } finally {
    api.DestroyWindow(owner);
  }
}

function opened<T>(api: WindowsApi, owner: number, use: () => T): T {
  for (let tried = 0; !api.OpenClipboard(owner); tried += 1) {
    if (tried === TRIES) throw unreadable('another program holds it');
    api.Sleep(BETWEEN_MS);
  }
  try {
    return use();
  } finally {
    api.CloseClipboard();
  }
}

function unreadable(why: string): DesktopError {
  return new DesktopError('CLIPBOARD_UNREADABLE', `The clipboard cannot be used: ${why}`);
}
