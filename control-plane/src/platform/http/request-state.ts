/** What the edge knows about a request besides the request itself. Held beside it, so that nothing a client sends can set it. */
import type { IncomingMessage } from 'node:http';
import type { Caller } from './caller.ts';

/** Which service's listener a request came in by. */
export type ListenerKind = 'web' | 'enrol';

interface RequestState {
  id: string;
  listener: ListenerKind;
  caller: Caller | null;
  /** Of the operation, once it is known: the metrics' label. */
  operation: string;
}

const states = new WeakMap<IncomingMessage, RequestState>();

/** Starts a request's state; called once, by the listener. */
export function openRequest(request: IncomingMessage, id: string, listener: ListenerKind): void {
  states.set(request, { id, listener, caller: null, operation: 'other' });
}

export function requestIdOf(request: IncomingMessage): string {
  return stateOf(request).id;
}

export function listenerOf(request: IncomingMessage): ListenerKind {
  return stateOf(request).listener;
}

export function callerOf(request: IncomingMessage): Caller | null {
  return stateOf(request).caller;
}

export function operationOf(request: IncomingMessage): string {
  return stateOf(request).operation;
}

/** Called by the guard only. */
export function admit(request: IncomingMessage, operation: string, caller: Caller | null): void {
  Object.assign(stateOf(request), { operation, caller });
}

function stateOf(request: IncomingMessage): RequestState {
  const state = states.get(request);
  if (state === undefined) throw new Error('this request did not come through a listener of ours');
  return state;
}
