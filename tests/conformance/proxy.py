"""What lies between a client and its daemon: passes messages on, and loses or doubles
the next ones when told to."""
import threading

import zmq


class Proxy:
    """Clients connect to `endpoint`; each has a connection of its own to `backend`, as
    the daemon tells clients apart by their connections."""

    def __init__(self, endpoint, backend):
        self.endpoint, self.backend = endpoint, backend
        self.faults = {"drop_replies": 0, "drop_requests": 0, "double_requests": 0}
        self.lock = threading.Lock()
        self.context = zmq.Context()
        self.front = self.context.socket(zmq.ROUTER)
        self.front.linger = 0
        self.front.bind(endpoint)
        self.wake_in, self.wake_out = self.context.socket(zmq.PAIR), self.context.socket(zmq.PAIR)
        self.wake_in.bind("inproc://wake")
        self.wake_out.connect("inproc://wake")
        self.links = {}
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def arm(self, fault, count):
        with self.lock:
            self.faults[fault] += count

    def take(self, fault):
        with self.lock:
            if self.faults[fault] == 0:
                return False
            self.faults[fault] -= 1
            return True

    def link(self, identity):
        if identity not in self.links:
            socket = self.context.socket(zmq.DEALER)
            socket.linger = 0
            socket.reconnect_ivl = 20
            socket.connect(self.backend)
            self.links[identity] = socket
            self.poller.register(socket, zmq.POLLIN)
        return self.links[identity]

    def run(self):
        self.poller = zmq.Poller()
        self.poller.register(self.front, zmq.POLLIN)
        self.poller.register(self.wake_in, zmq.POLLIN)
        while True:
            ready = dict(self.poller.poll())
            if self.wake_in in ready:
                break
            if self.front in ready:
                self.pass_request(self.front.recv_multipart())
            for identity, socket in list(self.links.items()):
                if socket in ready:
                    frames = socket.recv_multipart()
                    if not self.take("drop_replies"):
                        self.front.send_multipart([identity, *frames])
        for socket in [self.front, self.wake_in, *self.links.values()]:
            socket.close(0)

    def pass_request(self, frames):
        identity, request = frames[0], frames[1:]
        if self.take("drop_requests"):
            return
        for _ in range(2 if self.take("double_requests") else 1):
            self.link(identity).send_multipart(request)

    def close(self):
        self.wake_out.send(b"")
        self.thread.join()
        self.wake_out.close(0)
        self.context.term()
