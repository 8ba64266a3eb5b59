/**
 * Pointer and keyboard through XTEST, as a person's hands: whoever reads events cannot tell. Characters that no key of
 * the layout makes get keys that are free; each keeps its own, because applications read the layout only when they
 * handle the event.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type x11 from 'x11';
import type { InputDriver, MouseButton, Point, ScrollDirection } from '../desktop-driver.ts';
import type { XConnection } from './connection.ts';
import { keysymOf, keysymOfKey } from './keysyms.ts';

const BUTTONS: Readonly<Record<MouseButton, number>> = { left: 1, middle: 2, right: 3 };
/** The wheel is four buttons. */
const WHEEL: Readonly<Record<ScrollDirection, number>> = { up: 4, down: 5, left: 6, right: 7 };
const SHIFT = 0xffe1;
/** Between the pointer's coming and a click, milliseconds. */
const ENTER_MS = 30;
/** Between the clicks of a double click; toolkits take up to 250 to 500 ms for one. */
const BETWEEN_CLICKS_MS = 60;
/** Longest time and distance, pixels, between two clicks that toolkits take for a double click. */
const DOUBLE_CLICK_MS = 550;
const NEAR = 10;
/** Toolkits tell a drag from a click by how far the pointer moves, and follow it only while it moves. */
const DRAG_STEPS = 12;
const DRAG_STEP_MS = 15;
/** Before keys are given another meaning, what was typed with their old one must have been read. Milliseconds. */
const REMAP_MS = 300;
/** Characters sent between two round trips. */
const AT_ONCE = 50;

interface Key {
  readonly code: number;
  readonly shift: boolean;
}

export class XInput implements InputDriver {
  readonly #connection: XConnection;
  readonly #xtest: x11.XTest;
  /** Which key makes a symbol. */
  readonly #keys = new Map<number, Key>();
  /** Keys that make nothing, and those of them that we gave a symbol, oldest first. */
  #free: number[] = [];
  #given: { code: number; keysym: number }[] = [];
  #width = 2;
  /** Where and when, on the monotonic clock, it was clicked last. */
  #last = { point: { x: 0, y: 0 }, at: -Infinity };

  private constructor(connection: XConnection, xtest: x11.XTest) {
    this.#connection = connection;
    this.#xtest = xtest;
  }

  static async open(connection: XConnection): Promise<XInput> {
    const xtest = await connection.ask<x11.XTest>((client, done) => client.require('xtest', done));
    const input = new XInput(connection, xtest);
    await input.#readLayout();
    return input;
  }

  async click(point: Point, button: MouseButton, count: number): Promise<void> {
    await this.#apart(point, count);
    await this.#point(point);
    for (let click = 0; click < count; click += 1) {
      if (click > 0) await delay(BETWEEN_CLICKS_MS);
      this.#button(BUTTONS[button]);
      await this.#connection.settled();
    }
    this.#last = { point, at: performance.now() };
  }

  async drag(from: Point, to: Point, moved: () => Promise<void>): Promise<void> {
    const { ButtonPress, ButtonRelease } = this.#xtest;
    await this.#point(from);
    this.#fake(ButtonPress, BUTTONS.left);
    try {
      const last = { x: to.x - from.x, y: to.y - from.y };
      const parts = Array.from({ length: DRAG_STEPS }, (_, step) => (step + 1) / DRAG_STEPS);
      const way = parts.map((part) => ({ x: from.x + last.x * part, y: from.y + last.y * part }));
      // Over the goal once more and back: programs agree on a drop by messages that the moves above it make.
      for (const point of [...way, { x: to.x + 1, y: to.y }, to]) {
        this.#move(point);
        await this.#connection.settled();
        await delay(DRAG_STEP_MS);
        // Toolkits make one of several moves that they have not read yet.
        await moved();
      }
    } finally {
      this.#fake(ButtonRelease, BUTTONS.left);
    }
    await this.#connection.settled();
  }

  async scroll(point: Point, direction: ScrollDirection, notches: number): Promise<void> {
    await this.#point(point);
    for (let notch = 0; notch < notches; notch += 1) this.#button(WHEEL[direction]);
    await this.#connection.settled();
  }

  async type(text: string): Promise<void> {
    const keysyms = [...text.replaceAll('\r\n', '\n')].map(keysymOf);
    for (let from = 0; from < keysyms.length; from += AT_ONCE) {
      const some = keysyms.slice(from, from + AT_ONCE);
      await this.#provide(new Set(some));
      for (const keysym of some) this.#stroke(keysym);
      await this.#connection.settled();
    }
  }

  async press(keys: readonly string[]): Promise<void> {
    const keysyms = keys.map((key) => {
      const keysym = keysymOfKey(key);
      if (keysym === null) throw new RangeError(`there is no key ${JSON.stringify(key)}`);
      // Held together with others, a letter is its key, whichever case it is written in.
      return keys.length > 1 && /^\p{Lu}$/u.test(key) ? keysymOf(key.toLowerCase()) : keysym;
    });
    await this.#provide(new Set(keysyms));
    const strokes = keysyms.map((keysym) => this.#keys.get(keysym)!);
    const shift = this.#keys.get(SHIFT);
    const codes = [
      ...(strokes.some((key) => key.shift) && shift ? [shift.code] : []),
      ...strokes.map((key) => key.code),
    ];
    for (const code of codes) this.#fake(this.#xtest.KeyPress, code);
    for (const code of codes.toReversed()) this.#fake(this.#xtest.KeyRelease, code);
    await this.#connection.settled();
  }

  #stroke(keysym: number): void {
    const key = this.#keys.get(keysym);
    const shift = this.#keys.get(SHIFT);
    if (key === undefined) throw new Error('a key was not provided');
    const { KeyPress, KeyRelease } = this.#xtest;
    if (key.shift && shift) this.#fake(KeyPress, shift.code);
    this.#fake(KeyPress, key.code);
    this.#fake(KeyRelease, key.code);
    if (key.shift && shift) this.#fake(KeyRelease, shift.code);
  }

  /** Gives each symbol that no key makes a key of its own. */
  async #provide(keysyms: ReadonlySet<number>): Promise<void> {
    const missing = [...keysyms].filter((keysym) => !this.#keys.has(keysym));
    if (missing.length === 0) return;
    if (missing.length > this.#free.length) await this.#takeBack(keysyms, missing.length - this.#free.length);
    for (const keysym of missing) {
      const code = this.#free.pop();
      if (code === undefined) throw new Error('the keyboard has no free key');
      await this.#give(code, keysym);
      this.#given.push({ code, keysym });
      this.#keys.set(keysym, { code, shift: false });
    }
  }

  async #takeBack(needed: ReadonlySet<number>, count: number): Promise<void> {
    await delay(REMAP_MS);
    const taken = this.#given.filter(({ keysym }) => !needed.has(keysym)).slice(0, count);
    this.#given = this.#given.filter((key) => !taken.includes(key));
    for (const { code, keysym } of taken) {
      this.#keys.delete(keysym);
      this.#free.push(code);
    }
  }

  /** The same symbol with and without Shift. */
  async #give(code: number, keysym: number): Promise<void> {
    const symbols = Array.from({ length: this.#width }, (_, index) => (index < 2 ? keysym : 0));
    await this.#connection.ask<unknown>((client, done) =>
      client.ChangeKeyboardMapping(code, this.#width, symbols, (error) => done(error, null)),
    );
  }

  async #readLayout(): Promise<void> {
    const { first, last } = this.#connection.keycodes;
    const rows = await this.#connection.ask<number[][]>((client, done) =>
      client.GetKeyboardMapping(first, last - first + 1, done),
    );
    this.#width = rows[0]?.length ?? 2;
    for (const [index, symbols] of rows.entries()) {
      const code = first + index;
      if (symbols.every((symbol) => symbol === 0)) this.#free.push(code);
      for (const shift of [false, true]) {
        const symbol = symbols[shift ? 1 : 0] ?? 0;
        if (symbol !== 0 && !this.#keys.has(symbol)) this.#keys.set(symbol, { code, shift });
      }
    }
  }

  /** A click soon after another near it would be a double click, and a double click soon after another a third one. */
  async #apart(point: Point, count: number): Promise<void> {
    const { point: before, at } = this.#last;
    const isNear = Math.hypot(point.x - before.x, point.y - before.y) < NEAR;
    const left = at + DOUBLE_CLICK_MS - performance.now();
    if (left > 0 && (isNear || count > 1)) await delay(left);
  }

  /** Moves the pointer and lets what is below notice: toolkits prepare for a click when the pointer enters. */
  async #point(point: Point): Promise<void> {
    this.#move(point);
    await this.#connection.settled();
    await delay(ENTER_MS);
  }

  #move({ x, y }: Point): void {
    this.#xtest.FakeInput(this.#xtest.MotionNotify, 0, 0, this.#connection.root, Math.round(x), Math.round(y));
  }

  #button(number: number): void {
    this.#fake(this.#xtest.ButtonPress, number);
    this.#fake(this.#xtest.ButtonRelease, number);
  }

  #fake(type: number, detail: number): void {
    this.#xtest.FakeInput(type, detail, 0, 0, 0, 0);
  }
}
