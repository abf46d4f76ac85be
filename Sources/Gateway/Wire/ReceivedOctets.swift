internal import Glibc

/// What a client has sent and nobody has read yet. It may hold a password at any place, so whatever leaves it is wiped.
struct ReceivedOctets: ~Copyable {
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private(set) var count = 0
    private var start = 0

    deinit {
        Self.release(memory)
    }

    var isEmpty: Bool { count == 0 }

    mutating func append(_ octets: UnsafeRawBufferPointer) {
        guard !octets.isEmpty else { return }
        if start + count + octets.count > memory.count { move(to: count + octets.count) }
        UnsafeMutableRawBufferPointer(rebasing: memory[(start + count)...]).copyMemory(from: octets)
        count += octets.count
    }

    /// `body` keeps no copy.
    borrowing func withOctets<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(rebasing: memory[start..<(start + count)]))
    }

    /// Takes away so many octets from the front. An empty one holds no memory: most connections are idle.
    mutating func remove(_ octets: Int) {
        let removed = min(octets, count)
        if removed == count { return removeAll() }
        explicit_bzero(memory.baseAddress! + start, removed)
        start += removed
        count -= removed
    }

    mutating func removeAll() {
        Self.release(memory)
        memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        start = 0
        count = 0
    }

    private mutating func move(to capacity: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(512, capacity), alignment: 8)
        if count > 0 {
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[start..<(start + count)]))
        }
        Self.release(memory)
        memory = larger
        start = 0
    }

    private static func release(_ memory: UnsafeMutableRawBufferPointer) {
        guard let address = memory.baseAddress else { return }
        explicit_bzero(address, memory.count)
        memory.deallocate()
    }
}
