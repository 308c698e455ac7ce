// SPDX-License-Identifier: Apache-2.0
// Every limit of the daemon that is not configurable, by name, with its unit. A queue, buffer,
// table or timeout without a row here (or a key in the configuration) is a bug.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sm {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): unit suffixes of
                                       // this file only

// Buffers
inline constexpr std::size_t kBufferMinBytes = 4096;
inline constexpr std::size_t kBufferKeepBytes =
    64 * 1024;  // an empty buffer larger than this gives its memory back
inline constexpr std::size_t kReadChunkBytes = 64 * 1024;  // one read
inline constexpr std::size_t kGatherBytes =
    16 * 1024;  // output up to this is copied together and sent by one call
inline constexpr std::size_t kRelayHighBytes =
    256 * 1024;  // unsent bytes of one direction at which its source is paused
inline constexpr std::size_t kRelayLowBytes = 64 * 1024;  // ... and at which it is resumed
inline constexpr int kReadsPerEvent = 4;                  // then other connections get their turn
inline constexpr int kAcceptsPerEvent = 64;
inline constexpr std::chrono::milliseconds kAcceptPause =
    100ms;  // after accept() failed for want of descriptors
inline constexpr int kPodListenBacklog =
    4096;  // connections of one pod's listener that wait to be accepted

// One pod, over all its workers (io/pod_limits.h)
inline constexpr std::size_t kPodConnectionsMax =
    65'536;  // more than the ports of one client address; 40 000 at once is what is promised
inline constexpr std::size_t kPodDescriptorsMax =
    2 * kPodConnectionsMax + 8'192;  // each connection with a dial of its own, and full pools
inline constexpr std::size_t kPodDescriptorsPercent =
    75;  // of the process's descriptors, where there are few: the rest is for the other pods
inline constexpr std::size_t kPodBufferBytesMax =
    128 * 1024 * 1024;  // a thousand connections with both directions full
inline constexpr std::size_t kPodBufferLowPercent = 75;    // of that: back to normal below it
inline constexpr std::size_t kScarceReadBytes = 4 * 1024;  // one read of a pod above it

// HTTP/1 (Envoy's defaults)
inline constexpr std::size_t kHeadBytesMax = 60 * 1024;  // request line and headers
inline constexpr std::size_t kHeadersMax = 100;
inline constexpr std::size_t kNominatedHeadersMax =
    9;  // names in one Connection header; Envoy refuses ten
inline constexpr std::size_t kChunkLineBytesMax = 4096;  // chunk size with extensions
inline constexpr std::size_t kBlankLinesMax = 1;         // empty lines before a start line
inline constexpr std::size_t kInterimHeadsMax = 32;      // 1xx heads before one final head
inline constexpr std::size_t kTrailerBytesMax = 60 * 1024;

// Routing
inline constexpr std::size_t kHostBytesMax =
    256;  // a longer Host in mixed case is no name that we know

// Times
inline constexpr std::chrono::milliseconds kConnectTimeout =
    10s;  // DestinationRule tcp.connectTimeout's default
inline constexpr std::chrono::milliseconds kIdleTimeout =
    3600s;  // TCP sessions, downstream and pooled connections
inline constexpr std::chrono::milliseconds kPoolIdleTimeout = 60s;  // an unused upstream connection
inline constexpr std::chrono::milliseconds kDelayedClose =
    1s;  // time to read the last answer before we close
inline constexpr std::chrono::milliseconds kDetectSilence =
    50ms;  // an auto port's client is silent this long: dial as TCP
inline constexpr std::chrono::milliseconds kDetectTimeout =
    5s;  // an undecidable prefix is TCP after this
inline constexpr std::chrono::milliseconds kAdmissionRenew =
    5s;  // after the last success, while the pair is in use
inline constexpr std::chrono::milliseconds kAdmissionLapse =
    9s;  // after the last success the pair's connections close
inline constexpr std::chrono::milliseconds kProbeTimeout = 3s;  // one SYN retransmission
inline constexpr std::chrono::milliseconds kProbeRetry =
    1s;  // a failed renewal is tried again after this
inline constexpr std::chrono::milliseconds kListenerLinger =
    3s;  // a replaced listener still accepts this long

// Pools
inline constexpr std::size_t kPoolIdlePerKey = 64;         // idle connections kept for one pool key
inline constexpr std::size_t kAdmissionWaitersMax = 4096;  // dials waiting for one probe

// Mirrors
inline constexpr std::size_t kMirrorsMax =
    4096;  // copies under way on one worker; more are not made
inline constexpr std::chrono::milliseconds kMirrorTimeout = 60s;

// Config
inline constexpr std::size_t kResourceFileBytesMax = 8 * 1024 * 1024;
inline constexpr std::size_t kYamlDepthMax = 64;
inline constexpr std::size_t kYamlNodesMax = 2'000'000;  // nodes of one file
inline constexpr std::size_t kYamlAliasBytesMax =
    16 * 1024 * 1024;  // what all aliases of one file may expand to
inline constexpr std::size_t kResourceFilesMax = 20'000;
inline constexpr std::size_t kSourceDepthMax = 32;  // folders below a resource directory
inline constexpr std::size_t kRegexBytesMax = 1024;
inline constexpr std::int64_t kRegexMemoryBytes = 4 << 20;
inline constexpr std::chrono::milliseconds kReloadDebounce = 50ms;
inline constexpr std::chrono::milliseconds kReloadDebounceMax = 1s;

// Access log, per worker
inline constexpr std::size_t kAccessLogFlushBytes =
    32 * 1024;  // formatted lines that do not wait for the end of the pass
inline constexpr std::size_t kAccessLogBytesMax =
    1024 * 1024;  // lines a sink does not take; later ones are dropped

// Admin
inline constexpr std::size_t kAdminRequestBytesMax = 1024 * 1024;
inline constexpr std::size_t kAdminClientsMax = 32;
inline constexpr std::chrono::milliseconds kAdminSyncWaitMax = 3600s;  // longest `sync --wait`
inline constexpr std::size_t kInputBytesMax = 64 * 1024 * 1024;        // standard input of the CLI
inline constexpr std::chrono::milliseconds kAdminAcceptPause =
    200ms;  // out of descriptors: no accept for this long

// Daemon
inline constexpr unsigned kPodOwnersMax =
    64;                                       // workers of one pod; SM_SLOTS_MAX of the kernel side
inline constexpr unsigned kWorkersMax = 256;  // event loops
inline constexpr std::chrono::milliseconds kPodRetryPending =
    500ms;  // while a pod's namespace is not there yet
inline constexpr std::chrono::milliseconds kPodRetrySettled =
    1s;  // otherwise: namespaces that went away are noticed
inline constexpr std::chrono::milliseconds kWatchEvery =
    1s;                                        // what should be attached is compared with what is
inline constexpr unsigned kPodWatchEvery = 5;  // ... of the pods, every so many times
inline constexpr std::chrono::milliseconds kWorkerStuckAfter =
    5s;  // a worker that answers nothing this long loses its listener slots
inline constexpr std::chrono::milliseconds kSelfTestEvery = 30s;  // one test of each pod's capture
inline constexpr std::chrono::milliseconds kSelfTestTimeout = 5s;
inline constexpr std::chrono::milliseconds kHandoverLook =
    100ms;  // does the successor have every pod?
inline constexpr std::chrono::milliseconds kHandoverWait =
    30s;  // ... if it has none of them after this, the old daemon goes on
inline constexpr std::size_t kWatchNewsMax = 32;  // what status shows of the watch
inline constexpr std::chrono::milliseconds kWorkerAnswer =
    250ms;  // a worker's answer to a view; without it: null
}  // namespace sm
