package io.reflow.gateway.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;

/// Writes to a client, and lets the connection know while it does: a client that takes nothing must
/// not hold a thread for ever.
record WatchedWriter(DataWriter writer, WatchedConnection connection) implements DataWriter {

  @Override
  public void write(BufferData... buffers) {
    connection.beginsToWrite();
    try {
      writer.write(buffers);
    } finally {
      connection.hasWritten();
    }
  }

  @Override
  public void write(BufferData buffer) {
    connection.beginsToWrite();
    try {
      writer.write(buffer);
    } finally {
      connection.hasWritten();
    }
  }

  @Override
  public void writeNow(BufferData... buffers) {
    connection.beginsToWrite();
    try {
      writer.writeNow(buffers);
    } finally {
      connection.hasWritten();
    }
  }

  @Override
  public void writeNow(BufferData buffer) {
    connection.beginsToWrite();
    try {
      writer.writeNow(buffer);
    } finally {
      connection.hasWritten();
    }
  }

  @Override
  public void flush() {
    writer.flush();
  }

  @Override
  public void close() {
    writer.close();
  }
}
