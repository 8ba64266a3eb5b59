/**
 * The host of a Windows desktop: the only process that touches COM and the functions of Windows. A program that hangs
 * while it is asked holds this process and nothing else: the agent's side (`remote.ts`) ends it when a call's time is over,
 * and the next call begins a new one.
 */
import koffi from 'koffi';
import { DesktopError } from '../desktop-error.ts';
import { windowsApi } from '../win32/api.ts';
import { ClassicControls } from '../win32/classic.ts';
import { readClipboard, writeClipboard } from '../win32/clipboard.ts';
import { WindowsInput } from '../win32/input.ts';
import { seePixels } from '../win32/scaling.ts';
import { capture, pictureOfWindow, virtualScreen } from '../win32/screen.ts';
import { TopWindows } from '../win32/windows.ts';
import { UiaActs } from './acts.ts';
import { Asked, type CallHandlers, CALLS, type Channel } from './calls.ts';
import { Com, type Ffi } from './com.ts';
import { HeldElements } from './held.ts';
import { GUID } from './ids.ts';
import { Patterns } from './patterns.ts';
import { ElementReader } from './reader.ts';
import { UiaScrolling } from './scrolling.ts';
import { UiaTables } from './tables.ts';
import { UiaTree } from './tree.ts';
import { WindowActs } from './window-acts.ts';

/** How long UI Automation itself waits for a program, milliseconds. */
const [CONNECT_MS, ANSWER_MS] = [3_000, 5_000];
/** Messages that are sent to see that a window's program has read its input. */
const MOST_ROUNDS = 100;

/** Serves one agent until the channel closes. */
export function serveDesktop(channel: Channel): void {
  let handlers: CallHandlers | null = null;
  channel.onMessage((message) => {
    const asked = Asked.safeParse(message);
    if (!asked.success) return channel.end();
    const { id, call, args } = asked.data;
    try {
      handlers ??= openDesktop(koffi);
      const act = handlers[call] as (...args: unknown[]) => unknown;
      channel.send({ id, result: act(...(CALLS[call].args.parse(args) as unknown[])) });
    } catch (error) {
      const code = error instanceof DesktopError ? error.code : 'DESKTOP_GONE';
      const words = error instanceof Error ? error.message : String(error);
      channel.send({ id, fault: { code, message: words.slice(0, 2_000) } });
    }
  });
}

/** @throws DesktopError DESKTOP_NOT_STARTED */
function openDesktop(ffi: Ffi): CallHandlers {
  const api = windowsApi(ffi);
  seePixels(api);
  const com = new Com(ffi);
  const automation = openAutomation(com);
  const input = new WindowsInput(api);
  const windows = new TopWindows(api, input);
  const classic = new ClassicControls(api);
  const held = new HeldElements((pointer) => com.release(pointer));
  const reader = new ElementReader(com, automation, held, windows, classic);
  const all = com.object(automation, 'IUIAutomation', 'CreateTrueCondition')!;
  const tree = new UiaTree({ com, automation, all, held, reader, windows, classic });
  const patterns = new Patterns(com);
  const acts = new UiaActs(patterns, classic);
  const scrolling = new UiaScrolling(
    patterns,
    (one) => reader.bounds(one),
    () => performance.now(),
  );
  const tables = new UiaTables(patterns, automation, all);
  const windowActs = new WindowActs(patterns, windows);
  const top = (ref: string): number => held.get(ref).ownWindow;
  const done = (act: () => void): null => {
    act();
    return null;
  };
  return {
    hello: () => virtualScreen(api),
    windows: () => tree.windows(),
    children: (ref) => tree.children(held.get(ref)),
    again: (ref) => {
      const known = held.find(ref);
      return known === null ? null : (tree.again(known)?.wire ?? null);
    },
    bounds: (ref) => reader.bounds(held.get(ref)),
    invoke: (ref) => acts.invoke(held.get(ref)),
    focus: (ref) => acts.focus(held.get(ref)),
    reveal: (ref, around) =>
      scrolling.reveal(
        held.get(ref),
        around.flatMap((outer) => held.find(outer) ?? []),
      ),
    select: (ref) => acts.select(held.get(ref)),
    expand: (ref, expanded) => acts.expand(held.get(ref), expanded),
    text: (ref) => acts.text(held.get(ref)),
    setText: (ref, text) => acts.setText(held.get(ref), text),
    range: (ref) => acts.range(held.get(ref)),
    setRange: (ref, value) => acts.setRange(held.get(ref), value),
    settled: (ref, events) =>
      done(() => {
        const window = held.find(ref)?.window ?? 0;
        for (let round = 0; round < Math.min(events, MOST_ROUNDS); round += 1) if (!classic.answers(window)) break;
      }),
    table: (ref, rows) => tables.table(held.get(ref), rows),
    activate: (ref) => done(() => windows.activate(top(ref))),
    close: (ref) => done(() => windowActs.close(held.get(ref))),
    place: (ref, place) => done(() => windowActs.place(held.get(ref), place)),
    setState: (ref, state) => done(() => windowActs.setState(held.get(ref), state)),
    windowBounds: (ref) => windows.bounds(top(ref)),
    windowState: (ref) => windows.state(top(ref)),
    others: (refs) => windows.others(refs.flatMap((ref) => held.find(ref)?.ownWindow ?? [])),
    coverAt: (ref, point, popup) => windows.coverAt(top(ref), point, popup),
    click: (point, button, count) => done(() => input.click(point, button, count)),
    move: (point) => done(() => input.move(point)),
    hold: (point) => done(() => input.hold(point)),
    drop: (point) => done(() => input.drop(point)),
    wheel: (point, notches, across) => done(() => input.wheel(point, notches, across)),
    type: (text) => done(() => input.type(text)),
    press: (keys) => done(() => input.press(keys)),
    readClipboard: () => readClipboard(ffi, api),
    writeClipboard: (text) => done(() => writeClipboard(ffi, api, text)),
    picture: (ref) => {
      const window = top(ref);
      const place = windows.bounds(window);
      const isWhole = place !== null && windows.isSeenWhole(window, place, virtualScreen(api));
      if (place === null || isWhole || !classic.answers(window)) return null;
      return pictureOfWindow(api, window, windows.frame(window));
    },
    capture: (box) => capture(api, box),
  };
}

/** The newer class has time limits of its own; older Windows has the other. */
function openAutomation(com: Com): bigint {
  const automation =
    com.create(GUID.CUIAutomation8, GUID.IUIAutomation) ?? com.create(GUID.CUIAutomation, GUID.IUIAutomation);
  if (automation === null) {
    throw new DesktopError('DESKTOP_NOT_STARTED', 'This Windows has no UI Automation: its class is not registered');
  }
  const newer = com.query(automation, GUID.IUIAutomation2);
  if (newer !== null) {
    try {
      com.call(newer, 'IUIAutomation2', 'put_ConnectionTimeout', ['uint32'], CONNECT_MS);
      com.call(newer, 'IUIAutomation2', 'put_TransactionTimeout', ['uint32'], ANSWER_MS);
    } catch {
      // It has no limits of its own: ours hold.
    }
    com.release(newer);
  }
  return automation;
}
