/**
 * The application behind the inbound proxy. The first byte of a connection says what it is for:
 * `1` answers one byte and stays; `R` answers every 64 bytes with 1 KB; `B` streams a gigabyte at most, until the client has enough.
 */

import net from 'node:net';

const chunk = Buffer.alloc(256 * 1_024, 'x');
const answer = Buffer.alloc(1_024, 'y');

net
  .createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (first: Buffer) => {
      if (first[0] === 0x31) socket.write('1');
      else if (first[0] === 0x42) stream(socket);
      else serve(socket, first.length - 1);
    });
  })
  .listen(Number(process.argv[2]), '127.0.0.1');

function serve(socket: net.Socket, already: number): void {
  let pending = already;
  const take = (bytes: number): void => {
    pending += bytes;
    for (; pending >= 64; pending -= 64) socket.write(answer);
  };
  take(0);
  socket.on('data', (data: Buffer) => take(data.length));
}

function stream(socket: net.Socket): void {
  let left = 2 ** 30;
  const more = (): void => {
    while (left > 0) {
      left -= chunk.length;
      if (!socket.write(chunk)) return void socket.once('drain', more);
    }
    socket.end();
  };
  more();
}
