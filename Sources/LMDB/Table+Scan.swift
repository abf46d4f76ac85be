internal import Glibc

/// What a scan does after an entry.
package enum ScanStep: Sendable {
    case next
    case stop
    /// Deletes this entry and goes on; only in a `WriteTransaction`.
    case delete
}

package enum ScanDirection: Sendable {
    case forward
    case backward
}

extension Table {
    /// Gives every entry whose key begins with `prefix`, in order of the keys, to `body`: key, then value.
    ///
    /// - Parameters:
    ///   - prefix: empty for the whole table.
    ///   - start: where to begin, inclusive: forward the first key that is not below it, backward the last that is
    ///     not above it. Nil for the prefix's first or last key.
    ///   - body: may put and delete in the same transaction; its two arguments end with the first such write. Keys
    ///     put beyond the current one are visited too.
    package func scan(
        prefix: [UInt8] = [],
        from start: [UInt8]? = nil,
        _ direction: ScanDirection = .forward,
        in transaction: Transaction,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> ScanStep
    ) throws {
        try withCursor(in: transaction) { cursor in
            var found =
                switch direction {
                case .forward: try cursor.seekForward(prefix, start)
                case .backward: try cursor.seekBackward(prefix, start)
                }
            while found && cursor.key.hasPrefix(prefix) {
                switch try body(cursor.key, cursor.value) {
                case .next: break
                case .stop: return
                case .delete: try cursor.delete()
                }
                found = direction == .forward ? try cursor.next() : try cursor.previous()
            }
        }
    }

    /// Gives every entry whose key begins with `prefix` to `body`, in order of the keys.
    package func forEach(
        prefix: [UInt8] = [],
        in transaction: Transaction,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try scan(prefix: prefix, in: transaction) { key, value in
            try body(key, value)
            return .next
        }
    }

    /// Deletes every entry whose key begins with `prefix`, and says how many there were.
    @discardableResult
    package func deleteAll(prefix: [UInt8], in transaction: WriteTransaction) throws -> Int {
        var count = 0
        try scan(prefix: prefix, in: transaction) { _, _ in
            count += 1
            return .delete
        }
        return count
    }
}

extension Cursor {
    fileprivate mutating func seekForward(_ prefix: [UInt8], _ start: [UInt8]?) throws -> Bool {
        guard let start, !start.lexicographicallyPrecedes(prefix) else { return try seek(atLeast: prefix) }
        return try seek(atLeast: start)
    }

    fileprivate mutating func seekBackward(_ prefix: [UInt8], _ start: [UInt8]?) throws -> Bool {
        // A start above all keys of the prefix means the same as none; one below them gives a key without the prefix.
        guard let start, start.starts(with: prefix) || start.lexicographicallyPrecedes(prefix) else {
            guard let bound = prefix.successorOfPrefix else { return try last() }
            return try seek(below: bound)
        }
        guard try seek(atLeast: start) else { return try last() }
        return cursor(isAt: start) ? true : try previous()
    }

    private func cursor(isAt key: [UInt8]) -> Bool { self.key.count == key.count && self.key.hasPrefix(key) }
}

extension [UInt8] {
    /// The least key above every key with this prefix; nil if there is none.
    fileprivate var successorOfPrefix: [UInt8]? {
        guard let index = lastIndex(where: { $0 != 0xFF }) else { return nil }
        return self[..<index] + [self[index] + 1]
    }
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    fileprivate func hasPrefix(_ prefix: [UInt8]) -> Bool {
        if prefix.isEmpty { return true }
        guard let start = baseAddress, count >= prefix.count else { return false }
        return memcmp(start, prefix, prefix.count) == 0
    }
}
