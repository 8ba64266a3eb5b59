/** What the numbers that COM answers with mean for a step. Pure. */
import { DesktopError } from '../desktop-error.ts';

/** An interface or a pattern is not there, or does not do this: the element lacks it. */
const LACKING = new Set([
  0x80004001, // E_NOTIMPL
  0x80004002, // E_NOINTERFACE
  0x80040200, // UIA_E_ELEMENTNOTENABLED
  0x80040204, // UIA_E_NOTSUPPORTED
  0x80131509, // UIA_E_INVALIDOPERATION
  0x80070005, // E_ACCESSDENIED: the value of a protected field
  0x80070057, // E_INVALIDARG: the provider does not take this value
  0x80020003, // DISP_E_MEMBERNOTFOUND: MSAA without this property
]);

/** The element or its window has ended. */
const GONE = new Set([
  0x80040201, // UIA_E_ELEMENTNOTAVAILABLE
  0x80070578, // ERROR_INVALID_WINDOW_HANDLE
  0x80010108, // RPC_E_DISCONNECTED
  0x800401fd, // CO_E_OBJNOTCONNECTED
]);

/** The application is there no more, hangs, or refuses calls. */
const SILENT = new Set([
  0x80131505, // UIA_E_TIMEOUT
  0x80010012, // RPC_E_SERVER_DIED_DNE
  0x80010007, // RPC_E_SERVER_DIED
  0x8001010a, // RPC_E_SERVERCALL_RETRYLATER
  0x80010001, // RPC_E_CALL_REJECTED
  0x800706ba, // RPC_S_SERVER_UNAVAILABLE
  0x800706be, // RPC_S_CALL_FAILED
]);

/** The element lacks what was asked of it: answered by null or false, never a failure of a step. */
export class NotSupported extends Error {
  override readonly name = 'NotSupported';
}

/** The error of a call that failed; `what` is the interface and its method. */
export function faultOf(result: number, what: string): Error {
  const code = result >>> 0;
  const number = `0x${code.toString(16).padStart(8, '0')}`;
  if (LACKING.has(code)) return new NotSupported(`${what} answered ${number}`);
  if (GONE.has(code))
    return new DesktopError('ELEMENT_GONE', `The element ended while it was used (${what}: ${number})`);
  if (SILENT.has(code)) {
    return new DesktopError(
      'APPLICATION_NOT_ANSWERING',
      `The application does not answer UI Automation (${what}: ${number}): it hangs or has ended`,
    );
  }
  return new DesktopError('DESKTOP_GONE', `UI Automation failed (${what}: ${number}): begin again with desktop.open`);
}
