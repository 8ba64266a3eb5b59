/** Pointer and keyboard of the session, by SendInput: as a person's, any characters. */
import type { MouseButton, Point } from '../desktop-driver.ts';
import { DesktopError } from '../desktop-error.ts';
import type { WindowsApi } from './api.ts';
import { buttonDown, buttonUp, INPUT_SIZE, moving, nothing, pressing, typing, wheel } from './input-records.ts';
import { virtualScreen } from './screen.ts';
import { type VirtualKey, virtualKey } from './virtual-keys.ts';

/** Events that are handed over at once. */
const AT_ONCE = 200;
const [NULL_MESSAGE, ABORT_IF_HUNG] = [0, 2];
/** How long a program may take to read a key that is pressed. */
const READ_MS = 1_000;
/** Messages that one key may make besides itself. */
const FOLLOWING = 4;
/** What VkKeyScan says of the keys that are held with another one. */
const HELD = [
  [0x1, 'Shift'],
  [0x2, 'Control'],
  [0x4, 'Alt'],
] as const;

export class WindowsInput {
  readonly #api: WindowsApi;

  constructor(api: WindowsApi) {
    this.#api = api;
  }

  click(point: Point, button: MouseButton, count: number): void {
    this.move(point);
    const events = Array.from({ length: count }, () => [buttonDown(button), buttonUp(button)]);
    this.#send(events.flat());
  }

  /** The pointer stands there afterwards, also where the system rounds. */
  move(point: Point): void {
    this.#send([moving(point, virtualScreen(this.#api))]);
    const now = Buffer.alloc(8);
    this.#api.GetCursorPos(now);
    if (now.readInt32LE(0) !== point.x || now.readInt32LE(4) !== point.y) this.#api.SetCursorPos(point.x, point.y);
  }

  hold(point: Point): void {
    this.move(point);
    this.#send([buttonDown('left')]);
  }

  drop(point: Point): void {
    this.move(point);
    this.#send([buttonUp('left')]);
  }

  wheel(point: Point, notches: number, across: boolean): void {
    this.move(point);
    const one = wheel(Math.sign(notches), across);
    this.#send(Array.from({ length: Math.abs(notches) }, () => one));
  }

  type(text: string): void {
    this.#send(typing(text));
  }

  /** A character is the key that the keyboard's layout has it on; one that it lacks is typed. */
  press(names: readonly string[]): void {
    const keys: VirtualKey[] = [];
    const typed: Buffer[] = [];
    for (const name of names) {
      const named = virtualKey(name);
      // Control+S is the key S: Shift is held only where it is named.
      const found = named === null ? this.#keysFor(names.length > 1 ? name.toLowerCase() : name) : [named];
      if (found === null) typed.push(...typing(name));
      else keys.push(...found.filter((key) => !keys.some(({ code }) => code === key.code)));
    }
    const events = pressing(keys);
    this.#send([...events.slice(0, keys.length), ...typed, ...events.slice(keys.length)]);
    this.#untilRead(2 * keys.length);
  }

  /** A program answers between two events: by then it has the clipboard, for one, and does not find it held by us. */
  #untilRead(events: number): void {
    const front = this.#api.GetForegroundWindow();
    const result = Buffer.alloc(8);
    for (let round = 0; front !== 0 && round < events + FOLLOWING; round += 1) {
      if (this.#api.SendMessageTimeoutW(front, NULL_MESSAGE, 0, null, ABORT_IF_HUNG, READ_MS, result) === 0) return;
    }
  }

  /** The last input was ours: Windows lets us bring a window to the front. */
  touch(): void {
    this.#send([nothing()]);
  }

  #keysFor(character: string): VirtualKey[] | null {
    if (character.length !== 1) return null;
    const found = this.#api.VkKeyScanW(character.charCodeAt(0));
    if (found === -1) return null;
    const held = HELD.filter(([bit]) => ((found >> 8) & bit) !== 0).map(([, name]) => virtualKey(name)!);
    return [...held, { code: found & 0xff, extended: false }];
  }

  #send(records: readonly Buffer[]): void {
    for (let from = 0; from < records.length; from += AT_ONCE) {
      const part = records.slice(from, from + AT_ONCE);
      if (this.#api.SendInput(part.length, Buffer.concat(part), INPUT_SIZE) === part.length) continue;
      throw new DesktopError(
        'DESKTOP_GONE',
        'Windows takes no input: the session is locked or disconnected, or a program with more rights has the focus',
      );
    }
  }
}
