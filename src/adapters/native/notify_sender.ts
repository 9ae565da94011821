import type { NotifySender } from "#ports/notify_sender.ts";

// Linux, where systemd is.
const AF_UNIX = 1, SOCK_DGRAM_CLOEXEC = 2 | 0o2000000, MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;
const PATH_BYTES = 108;

const symbols = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" }, // domain, type, protocol; a descriptor or -1
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" }, // …, sockaddr, its bytes
  close: { parameters: ["i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * Sends through libc, whose functions resolve through any library that depends on it. Needs nothing but --allow-ffi for
 * that library, and once opened not even that: the seal takes everything else away. Abstract sockets work too.
 *
 * @param library Absolute path of a shared library that depends on libc: the envector library.
 */
export function libcSender(library: string): (address: string) => NotifySender {
  return (address) => {
    const target = socketAddress(address);
    const libc = Deno.dlopen(library, symbols);
    const socket = libc.symbols.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
    if (socket < 0) {
      libc.close();
      throw new Error("no socket could be opened");
    }
    let isOpen = true;
    return {
      send(message) {
        if (!isOpen) throw new Error("the notifier is closed");
        const bytes = new TextEncoder().encode(message);
        const sent = libc.symbols.sendto(
          socket,
          bytes,
          BigInt(bytes.length),
          MSG_DONTWAIT_NOSIGNAL,
          target,
          target.length,
        );
        if (sent < 0) throw new Error("its socket does not take messages");
      },
      close() {
        // Only once: by then the number may be somebody else's file.
        if (isOpen) libc.symbols.close(socket);
        isOpen = false;
      },
    };
  };
}

/** struct sockaddr_un: the family, then the path; "@name" stands for the abstract name that starts with a NUL. */
function socketAddress(address: string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(address.replace(/^@/, "\0"));
  if (!/^[@/]./.test(address) || name.length >= PATH_BYTES) throw new Error("not the address of a Unix socket");
  const bytes = new Uint8Array(2 + name.length + (address.startsWith("@") ? 0 : 1));
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(name, 2);
  return bytes;
}
