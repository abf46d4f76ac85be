import SyncModel

/// Builds one record. Its memory is kept from record to record, so that encoding allocates nothing.
final class RecordWriter {
    // No method hands out access to these, so accesses can't overlap; checking each would cost as much as the octet it stores.
    @exclusivity(unchecked) private var memory: UnsafeMutableRawBufferPointer
    @exclusivity(unchecked) private(set) var count = 0

    init(capacity: Int = 1024) {
        memory = .allocate(byteCount: capacity, alignment: 8)
    }

    deinit { memory.deallocate() }

    /// What was written since `reset`; valid until the next call that writes.
    var octets: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    /// Begins a record with its format version.
    func begin(version: UInt8 = CacheFormat.recordVersion) {
        count = 0
        append(version)
    }

    func reset() { count = 0 }

    @inline(__always)
    func append(_ octet: UInt8) {
        reserve(1)
        memory[count] = octet
        count += 1
    }

    func append(_ flag: Bool) { append(flag ? 1 : 0 as UInt8) }

    /// Seven bits an octet, least significant first; the highest bit says that more follow.
    @inline(__always)
    func appendVarint(_ number: UInt64) {
        reserve(10)
        var rest = number
        while rest >= 0x80 {
            memory[count] = UInt8(truncatingIfNeeded: rest) | 0x80
            count += 1
            rest >>= 7
        }
        memory[count] = UInt8(truncatingIfNeeded: rest)
        count += 1
    }

    func appendCount(_ number: Int) { appendVarint(UInt64(number)) }

    /// Zigzag, so that small negative numbers stay short.
    func appendSigned(_ number: Int64) {
        appendVarint(UInt64(bitPattern: number << 1) ^ UInt64(bitPattern: number >> 63))
    }

    func appendFixed(_ number: UInt64) {
        reserve(8)
        memory.storeBytes(of: number.bigEndian, toByteOffset: count, as: UInt64.self)
        count += 8
    }

    func append(_ anchor: Anchor) {
        appendFixed(anchor.high)
        appendFixed(anchor.low)
    }

    /// Length, then the octets.
    func append(_ octets: Octets) {
        appendCount(octets.count)
        octets.bytes.withUnsafeBytes { appendRaw($0) }
    }

    func append(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            appendCount(utf8.count)
            appendRaw(UnsafeRawBufferPointer(utf8))
        }
    }

    func append(_ time: Timestamp) { appendSigned(time.milliseconds) }

    /// Octets as they are, without a length.
    @inline(__always)
    func appendRaw(_ octets: UnsafeRawBufferPointer) {
        reserve(octets.count)
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: octets)
        count += octets.count
    }

    /// 0 for nil; 1 and what `append` writes for a value.
    func appendOptional<Value>(_ value: Value?, _ append: (Value) -> Void) {
        self.append(value != nil)
        if let value { append(value) }
    }

    func appendList<Element>(_ list: [Element], _ append: (Element) -> Void) {
        appendCount(list.count)
        for element in list { append(element) }
    }

    @inline(__always)
    private func reserve(_ octets: Int) {
        if memory.count - count < octets { grow(octets) }
    }

    private func grow(_ octets: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(memory.count * 2, count + octets),
            alignment: 8
        )
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count]))
        memory.deallocate()
        memory = larger
    }
}
