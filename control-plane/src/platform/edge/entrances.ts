/**
 * Where the connections of a service come in: by a port of its own, or by one port that all services share. A socket
 * accepted here is handed to the service's server by its `connection` event, after its first bytes were read where
 * that is needed (`opening.ts`). The server itself never listens.
 *
 * Invariants: a PROXY header is read from listed sources, where it is required, and from nobody else; which service
 * gets a connection grants nothing, since each demands what it always demands.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as TlsServer } from 'node:tls';
import { Fault } from '../errors.ts';
import type { Log } from '../log.ts';
import { clientOf, handOver, type ClientAddress } from './client-address.ts';
import { Openings, type Opening } from './opening.ts';
import { RefusalLog } from './refusal-log.ts';
import { serviceOf, type Service } from './services.decision.ts';
import type { Sources } from './sources.ts';

/** A service's way in, not open yet. */
export interface Entrance {
  /** Hands connections to `server` from now on, no more than its `maxConnections`. @throws Fault PORT_IN_USE, PORT_NOT_USABLE */
  open(server: Server): Promise<Door>;
}

export interface Door {
  readonly port: number;
  /** What was handed over and is open. */
  connections(): readonly Duplex[];
  /** Lets nobody in any more; what is open stays. */
  stop(): void;
}

export interface ListenAt {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The setting to change when the port cannot be used. */
  readonly variable: string;
}

export interface EntranceOptions {
  readonly log: Log;
  /** Balancers that say by the PROXY protocol whose connection they pass on. */
  readonly sources: Sources | null;
  /** First bytes under way at once, 1,000 unless said otherwise. */
  readonly openings?: number;
  /** Time for each, milliseconds; 10 s unless said otherwise. */
  readonly openingMs?: number;
}

/** One service behind a port. */
interface Room {
  readonly server: Server;
  readonly sockets: Set<Socket>;
  /** Listens to the end of each socket: one function for all of them. */
  readonly left: (this: Socket) => void;
}

const OPENINGS = 1_000;
const OPENING_MS = 10_000;
/** Connections that the system takes before we do: thousands of agents may come back in one moment. */
const BACKLOG = 4_096;

/** A port of the service's own. */
export function ownPort(at: ListenAt, options?: EntranceOptions): Entrance {
  return {
    async open(server) {
      const room = roomFor(server);
      const port = await Acceptor.listen(at, { ...options, hello: false, roomOf: () => room });
      return { port: port.number, connections: () => [...room.sockets], stop: () => port.close() };
    },
  };
}

export interface OnePortOptions extends EntranceOptions {
  /** The public host of each service, lower case. */
  readonly hosts: Readonly<Record<Service, string>>;
  /** The application protocols that name a service. */
  readonly protocols: Readonly<Record<string, Service>>;
  /** Whether the web is served without TLS: then plain HTTP is its, and no TLS. */
  readonly plainWeb: boolean;
}

/** One port for all: it listens as long as one of them is open. */
export function onePort(at: ListenAt, options: OnePortOptions): Record<Service, Entrance> {
  const rooms = new Map<Service, Room>();
  let port: Promise<Acceptor> | null = null;
  const roomOf = ({ hello, plain }: Opening): Room | undefined => {
    if (hello === null) return plain && options.plainWeb ? rooms.get('web') : undefined;
    const service = serviceOf(hello, options.hosts, options.protocols);
    return service === null || (service === 'web' && options.plainWeb) ? undefined : rooms.get(service);
  };
  const entrance = (service: Service): Entrance => ({
    async open(server) {
      const room = roomFor(server);
      port ??= Acceptor.listen(at, { ...options, hello: true, roomOf });
      const opened = await port;
      rooms.set(service, room);
      const stop = () => {
        if (rooms.get(service) === room) rooms.delete(service);
        if (rooms.size > 0) return;
        opened.close();
        port = null;
      };
      return { port: opened.number, connections: () => [...room.sockets], stop };
    },
  });
  return { web: entrance('web'), enrol: entrance('enrol'), tunnel: entrance('tunnel') };
}

interface AcceptorOptions extends Partial<EntranceOptions> {
  readonly hello: boolean;
  readonly roomOf: (opening: Opening) => Room | undefined;
}

/** A listening port. */
class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #openings: Openings;
  readonly #refusals: RefusalLog | null;
  // As Node's HTTP servers have it.
  readonly #listening = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#accept(socket));

  static async listen(at: ListenAt, options: AcceptorOptions): Promise<Acceptor> {
    const acceptor = new Acceptor(options);
    await listenOn(acceptor.#listening, at);
    return acceptor;
  }

  private constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#refusals = options.log === undefined ? null : new RefusalLog(options.log);
    this.#openings = new Openings({
      limit: options.openings ?? OPENINGS,
      withinMs: options.openingMs ?? OPENING_MS,
      onFailed: (socket, why) => this.#refused(socket, why),
    });
  }

  get number(): number {
    return (this.#listening.address() as AddressInfo).port;
  }

  close(): void {
    this.#listening.close();
    this.#openings.close();
  }

  #accept(socket: Socket): void {
    const proxy = this.#options.sources?.has(socket.remoteAddress ?? '') ?? false;
    this.#openings.read(socket, { proxy, hello: this.#options.hello }, (opening) => {
      const room = this.#options.roomOf(opening);
      if (room === undefined) this.#turnAway(socket, 'no service of ours is meant');
      else if (isFull(room)) this.#turnAway(socket, 'too many');
      else this.#handOver(socket, opening.client, room);
    });
  }

  #handOver(socket: Socket, client: ClientAddress | null, { server, sockets, left }: Room): void {
    sockets.add(socket);
    socket.on('close', left);
    // As Node's servers have it: a TLS connection is never half open.
    socket.allowHalfOpen = !(server instanceof TlsServer);
    try {
      handOver(server, socket, client);
    } catch (error) {
      this.#options.log?.error('a connection could not be handed over', { error });
      socket.destroy();
    }
  }

  #turnAway(socket: Socket, why: string): void {
    socket.on('error', () => undefined).destroy();
    this.#refused(socket, why);
  }

  #refused(socket: Socket, why: string): void {
    this.#refusals?.refused('a connection was refused', { why, address: clientOf(socket).address });
  }
}

function roomFor(server: Server): Room {
  const sockets = new Set<Socket>();
  return {
    server,
    sockets,
    left() {
      sockets.delete(this);
    },
  };
}

/** Node leaves the bound undefined when a server sets none. */
function isFull({ server, sockets }: Room): boolean {
  const limit = server.maxConnections as number | undefined;
  return limit !== undefined && sockets.size >= limit;
}

/** Starts to listen. @throws Fault PORT_IN_USE, PORT_NOT_USABLE */
export async function listenOn(server: Server, at: ListenAt): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(notUsable(error, at)));
    server.listen({ port: at.port, host: at.host, backlog: BACKLOG }, resolve);
  });
}

function notUsable(error: NodeJS.ErrnoException, at: ListenAt): Fault {
  const inUse = error.code === 'EADDRINUSE';
  return new Fault({
    code: inUse ? 'PORT_IN_USE' : 'PORT_NOT_USABLE',
    what: `Cannot listen on ${at.host}:${at.port}`,
    why: inUse ? 'another program uses this port' : error.message,
    fix: `Stop that program, or set ${at.variable} to a free port`,
    cause: error,
  });
}
