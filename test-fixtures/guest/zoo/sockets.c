// SPDX-License-Identifier: MIT
/* Sockets of every family and state that a guest without a network can have. */
#define _GNU_SOURCE
#include "zoo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FOLDER ZOO "/sockets"

static int open_socket(int family, int type, int protocol)
{
	int fd = socket(family, type, protocol);

	if (fd < 0)
		lack("a socket");
	return fd;
}

/* ---- inet ---- */

static struct sockaddr_in address4(const char *text, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, text, &address.sin_addr);
	return address;
}

static struct sockaddr_in6 address6(const char *text, uint16_t port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	inet_pton(AF_INET6, text, &address.sin6_addr);
	return address;
}

static int bind4(int type, int protocol, const char *text, uint16_t port)
{
	struct sockaddr_in address = address4(text, port);
	int fd = open_socket(AF_INET, type, protocol), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		lack("a bound socket");
	return fd;
}

static int bind6(int type, int protocol, const char *text, uint16_t port, int only)
{
	struct sockaddr_in6 address = address6(text, port);
	int fd = open_socket(AF_INET6, type, protocol), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		lack("a bound socket");
	return fd;
}

static int listen_on(int fd)
{
	if (listen(fd, 5))
		lack("a listening socket");
	return fd;
}

static int connect4(int type, const char *text, uint16_t port)
{
	struct sockaddr_in address = address4(text, port);
	int fd = open_socket(AF_INET, type, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		lack("a connection");
	return fd;
}

static int connect6(int type, const char *text, uint16_t port)
{
	struct sockaddr_in6 address = address6(text, port);
	int fd = open_socket(AF_INET6, type, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		lack("a connection");
	return fd;
}

static int accept_one(int listening)
{
	int fd = accept(listening, NULL, NULL);

	if (fd < 0)
		lack("an accepted socket");
	return fd;
}

static void open_tcp(void)
{
	int any = listen_on(bind4(SOCK_STREAM, 0, "0.0.0.0", 80));
	int local = listen_on(bind4(SOCK_STREAM, 0, "127.0.0.1", 8080));
	int both = listen_on(bind6(SOCK_STREAM, 0, "::", 443, 0));
	int six = listen_on(bind6(SOCK_STREAM, 0, "::1", 65535, 1));
	int closing;

	/* Established, both ends; over v6; of a v4 peer on a v6 socket, and from a v6 socket to a v4 peer. */
	connect4(SOCK_STREAM, "127.0.0.1", 80);
	accept_one(any);
	connect6(SOCK_STREAM, "::1", 65535);
	accept_one(six);
	connect4(SOCK_STREAM, "127.0.0.2", 443);
	accept_one(both);
	connect6(SOCK_STREAM, "::ffff:127.0.0.1", 8080);
	accept_one(local);
	/* One side has said its last word: FIN_WAIT2 and CLOSE_WAIT. */
	closing = connect4(SOCK_STREAM, "127.0.0.1", 8080);
	accept_one(local);
	shutdown(closing, SHUT_WR);
	/* Both have: closed, and in no table. */
	closing = connect4(SOCK_STREAM, "127.0.0.1", 8080);
	shutdown(closing, SHUT_WR);
	shutdown(accept_one(local), SHUT_WR);
	/* Connected, but never accepted. */
	connect4(SOCK_STREAM, "127.0.0.1", 80);
	/* Neither bound nor connected; bound only. */
	open_socket(AF_INET, SOCK_STREAM, 0);
	open_socket(AF_INET6, SOCK_STREAM, 0);
	bind4(SOCK_STREAM, 0, "127.0.0.1", 1234);
}

/* Nobody answers behind the dummy device: SYN_SENT. */
static void open_unanswered(void)
{
	struct sockaddr_in address = address4("10.99.0.77", 99);
	int fd = open_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno != EINPROGRESS)
		lack("an unanswered connection");
}

static void open_datagrams(void)
{
	bind4(SOCK_DGRAM, 0, "0.0.0.0", 53);
	bind4(SOCK_DGRAM, 0, "127.0.0.1", 5353);
	connect4(SOCK_DGRAM, "127.0.0.1", 5353);
	bind6(SOCK_DGRAM, 0, "::", 546, 1);
	bind6(SOCK_DGRAM, 0, "::1", 547, 0);
	connect6(SOCK_DGRAM, "::1", 547);
	connect6(SOCK_DGRAM, "::ffff:127.0.0.1", 5353);
	open_socket(AF_INET, SOCK_DGRAM, 0);
	open_socket(AF_INET6, SOCK_DGRAM, 0);
	/* The newest kernels have no such protocol. */
	open_socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);
}

static void open_raw(void)
{
	open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	bind4(SOCK_RAW, IPPROTO_TCP, "127.0.0.1", 0);
	open_socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	open_socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	bind6(SOCK_RAW, 200, "::1", 0, 1);
}

void open_internet_sockets(void)
{
	open_tcp();
	open_datagrams();
	open_raw();
}

/* ---- unix ---- */

static void bind_name(int fd, const char *name, size_t length)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, name, length);
	if (bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)))
		lack("a bound unix socket");
}

static void connect_name(int fd, const char *name, size_t length)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, name, length);
	if (connect(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)))
		lack("a connected unix socket");
}

#define NAME(text) text, sizeof(text)
#define ABSTRACT(text) "\0" text, sizeof(text)

static int unix_socket(int type)
{
	return open_socket(AF_UNIX, type, 0);
}

static void open_unix_connections(void)
{
	int fd, pair[2];

	/* A server, one that it accepted, and one that it did not. */
	fd = unix_socket(SOCK_STREAM);
	bind_name(fd, NAME(FOLDER "/stream"));
	listen_on(fd);
	connect_name(unix_socket(SOCK_STREAM), NAME(FOLDER "/stream"));
	accept_one(fd);
	connect_name(unix_socket(SOCK_STREAM), NAME(FOLDER "/stream"));
	fd = unix_socket(SOCK_SEQPACKET);
	bind_name(fd, ABSTRACT("seqpacket"));
	listen_on(fd);
	connect_name(unix_socket(SOCK_SEQPACKET), ABSTRACT("seqpacket"));
	accept_one(fd);
	bind_name(unix_socket(SOCK_DGRAM), NAME(FOLDER "/dgram"));
	connect_name(unix_socket(SOCK_DGRAM), NAME(FOLDER "/dgram"));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
		lack("socketpair");
	/* Its peer is gone. */
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		lack("socketpair");
	close(pair[1]);
	unix_socket(SOCK_STREAM);
	unix_socket(SOCK_DGRAM);
}

static void open_unix_names(void)
{
	char longest[108];

	/* Without a name, the kernel chooses one of five digits. */
	bind_name(unix_socket(SOCK_DGRAM), NULL, 0);
	bind_name(unix_socket(SOCK_DGRAM), ABSTRACT(""));
	bind_name(unix_socket(SOCK_DGRAM), ABSTRACT("with\0NUL\nand \xff\xfe"));
	bind_name(unix_socket(SOCK_DGRAM), NAME(FOLDER "/new\nline \xff"));
	bind_name(unix_socket(SOCK_DGRAM), NAME(FOLDER "/@at"));
	bind_name(unix_socket(SOCK_DGRAM), NAME(FOLDER "/deleted"));
	unlink_file(FOLDER "/deleted");
	if (chdir(FOLDER))
		fail(FOLDER);
	bind_name(unix_socket(SOCK_DGRAM), NAME("relative"));
	bind_name(unix_socket(SOCK_DGRAM), NAME("../sockets/./relative-2"));
	/* All 108 bytes, with no NUL at the end. */
	memset(longest, 'l', sizeof(longest));
	bind_name(unix_socket(SOCK_DGRAM), longest, sizeof(longest));
	longest[0] = '\0';
	bind_name(unix_socket(SOCK_DGRAM), longest, sizeof(longest));
}

/* ---- others ---- */

static void open_netlink(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 5 };
	int fd;

	for (int protocol = 0; protocol < 21; protocol++) {
		fd = socket(AF_NETLINK, SOCK_RAW, protocol);
		if (fd >= 0 && (protocol == NETLINK_ROUTE || protocol == NETLINK_KOBJECT_UEVENT) &&
		    bind(fd, (struct sockaddr *)&address, sizeof(address)))
			lack("a bound netlink socket");
	}
	open_socket(AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE);
}

static void open_packet(void)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP) };
	struct tpacket_req ring = { .tp_block_size = 4096, .tp_block_nr = 2, .tp_frame_size = 2048, .tp_frame_nr = 4 };
	int fd = open_socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	open_socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
	open_socket(AF_PACKET, SOCK_RAW, 0);
	address.sll_ifindex = (int)if_nametoindex("lo");
	if (bind(open_socket(AF_PACKET, SOCK_DGRAM, 0), (struct sockaddr *)&address, sizeof(address)))
		lack("a bound packet socket");
	/* The ring of a socket, mapped. */
	if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)))
		lack("a packet ring");
	else if (mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		lack("a mapped packet ring");
}

/* Families whose code is a module that may not be there. */
static void open_rare(void)
{
	socket(AF_ALG, SOCK_SEQPACKET, 0);
	socket(AF_VSOCK, SOCK_STREAM, 0);
	socket(AF_KEY, SOCK_RAW, 2);
	socket(AF_INET, SOCK_STREAM, 262 /* MPTCP */);
	/* An ICMP socket for everybody, if the sysctl lets it. */
	socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6);
}

static void start_kind(const char *name, void (*open_all)(void))
{
	if (start_child(name) > 0)
		return;
	open_all();
	be_ready();
}

void start_sockets(void)
{
	make_folder(FOLDER);
	start_kind("sockets-tcp", open_tcp);
	start_kind("sockets-unans", open_unanswered);
	start_kind("sockets-udp", open_datagrams);
	start_kind("sockets-raw", open_raw);
	start_kind("sockets-unix", open_unix_connections);
	start_kind("sockets-names", open_unix_names);
	start_kind("sockets-netlink", open_netlink);
	start_kind("sockets-packet", open_packet);
	start_kind("sockets-rare", open_rare);
}
