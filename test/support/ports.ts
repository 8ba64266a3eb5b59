/** Free loopback ports, and a TCP relay whose cable can be pulled. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** `count` ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listening(createServer())));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A relay between an agent or a client and the control plane. */
export interface Relay {
  readonly port: number;
  /** Connections that were opened through it. */
  readonly opened: number;
  /** Connections that it has to this target now. */
  openTo(target: number): number;
  /** Breaks every connection and refuses new ones until `plug`. */
  unplug(): void;
  plug(): void;
  close(): Promise<void>;
}

/** Relays loopback TCP to `targets`, in turn; one that refuses the connection is passed over. */
export async function startRelay(...targets: readonly number[]): Promise<Relay> {
  const sockets = new Set<Socket>();
  let plugged = true;
  let opened = 0;
  const server = await listening(
    createServer((near) => {
      if (!plugged) return void near.resetAndDestroy();
      opened += 1;
      sockets.add(near);
      near.on('error', () => undefined).on('close', () => sockets.delete(near));
      const from = opened;
      const reach = (tried: number): void => {
        const far = connect(targets[(from + tried) % targets.length]!, '127.0.0.1');
        sockets.add(far);
        let isReached = false;
        far.once('connect', () => {
          isReached = true;
          near.pipe(far).pipe(near);
        });
        near.on('close', (broken) => (broken ? far.resetAndDestroy() : drop(far)));
        far
          .on('error', () => undefined)
          .on('close', (broken) => {
            sockets.delete(far);
            if (broken && !isReached && tried + 1 < targets.length && !near.destroyed) reach(tried + 1);
            // What breaks on one side breaks on the other: a target that is away is not a target that is silent.
            else if (broken) near.resetAndDestroy();
            else drop(near);
          });
      };
      reach(0);
    }),
  );
  return {
    port: (server.address() as AddressInfo).port,
    get opened() {
      return opened;
    },
    openTo: (target) => [...sockets].filter((socket) => socket.remotePort === target).length,
    unplug() {
      plugged = false;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    plug() {
      plugged = true;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Closes a socket whose other side is gone: what still comes is read and dropped, or it would never end. */
function drop(socket: Socket): void {
  socket.end();
  socket.resume();
}

function listening(server: Server): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => resolve(server));
  });
}
