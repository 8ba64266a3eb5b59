/** What we use of the `x11` package, which brings no types. Requests end with a callback; one that answers true has handled the error. */
declare module 'x11' {
  import type { EventEmitter } from 'node:events';

  type Done<T> = (error: Error | null | undefined, result: T) => boolean;
  type Finished = (error: Error | null) => boolean;

  export interface Screen {
    readonly root: number;
    readonly pixel_width: number;
    readonly pixel_height: number;
    readonly root_depth: number;
  }

  export interface Display {
    readonly client: Client;
    readonly screen: readonly Screen[];
    readonly min_keycode: number;
    readonly max_keycode: number;
  }

  export interface Property {
    readonly type: number;
    readonly format: number;
    readonly bytesAfter: number;
    readonly data: Buffer;
  }

  export interface Geometry {
    readonly xPos: number;
    readonly yPos: number;
    readonly width: number;
    readonly height: number;
  }

  export interface WindowAttributes {
    /** 1 takes output, 2 input only. */
    readonly klass: number;
    /** 2 can be seen, unless something lies above it. */
    readonly mapState: number;
    readonly overrideRedirect: number;
  }

  export interface Image {
    readonly depth: number;
    readonly data: Buffer;
  }

  /** An event as it comes from the server; which members there are depends on its name. */
  export interface ServerEvent {
    readonly name: string;
    readonly time?: number;
    readonly wid?: number;
    readonly owner?: number;
    readonly requestor?: number;
    readonly selection?: number;
    readonly target?: number;
    readonly property?: number;
    readonly atom?: number;
    readonly state?: number;
  }

  export interface XTest {
    readonly KeyPress: 2;
    readonly KeyRelease: 3;
    readonly ButtonPress: 4;
    readonly ButtonRelease: 5;
    readonly MotionNotify: 6;
    FakeInput(type: number, detail: number, delayMs: number, window: number, x: number, y: number): void;
  }

  export interface Client extends EventEmitter {
    readonly eventMask: Readonly<Record<string, number>>;
    /** What `InternAtom` remembers. */
    atoms: Readonly<Record<string, number>>;
    AllocID(): number;
    require(extension: 'xtest', done: Done<XTest>): void;
    terminate(): void;
    sync(): Promise<void>;
    InternAtom(onlyIfThere: boolean, name: string, done: Done<number>): void;
    GetAtomName(atom: number, done: Done<string>): void;
    GetProperty(
      remove: 0 | 1,
      window: number,
      name: number,
      type: number,
      offset: number,
      words: number,
      done: Done<Property>,
    ): void;
    ChangeProperty(
      mode: 0 | 1 | 2,
      window: number,
      name: number,
      type: number,
      format: 8 | 16 | 32,
      data: Buffer | readonly number[],
    ): void;
    DeleteProperty(window: number, name: number): void;
    QueryTree(window: number, done: Done<{ root: number; parent: number; children: number[] }>): void;
    GetGeometry(window: number, done: Done<Geometry>): void;
    GetWindowAttributes(window: number, done: Done<WindowAttributes>): void;
    TranslateCoordinates(
      from: number,
      to: number,
      x: number,
      y: number,
      done: Done<{ destX: number; destY: number; child: number }>,
    ): void;
    QueryPointer(window: number, done: Done<{ rootX: number; rootY: number; keyMask: number }>): void;
    GetImage(
      format: 2,
      drawable: number,
      x: number,
      y: number,
      width: number,
      height: number,
      planes: number,
      done: Done<Image>,
    ): void;
    CreateWindow(
      window: number,
      parent: number,
      x: number,
      y: number,
      width: number,
      height: number,
      border: number,
      depth: number,
      klass: number,
      visual: number,
      values: Readonly<Record<string, number>>,
    ): void;
    ChangeWindowAttributes(window: number, values: Readonly<Record<string, number>>): void;
    SendClientMessage(
      destination: number,
      window: number,
      type: number,
      format: 32,
      data: readonly number[],
      eventMask?: number,
    ): void;
    SendEvent(destination: number, propagate: 0 | 1, eventMask: number, event: object): void;
    SetSelectionOwner(window: number, selection: number, time?: number): void;
    GetSelectionOwner(selection: number, done: Done<number>): void;
    ConvertSelection(requestor: number, selection: number, target: number, property: number, time?: number): void;
    GetKeyboardMapping(first: number, count: number, done: Done<number[][]>): void;
    ChangeKeyboardMapping(first: number, keysymsEach: number, keysyms: readonly number[], done: Finished): void;
  }

  export function createClient(
    options: {
      display: string;
      shm: false;
      auth?: { name: string; data: string | Buffer };
    },
    done: (error: Error | null | undefined, display: Display) => void,
  ): Client;
}
