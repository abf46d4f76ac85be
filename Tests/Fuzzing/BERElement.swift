/// An element of BER as far as a mutator needs to know: a tag, and what is in it.
struct BERElement {
    indirect enum Contents {
        case primitive([UInt8])
        case constructed([BERElement])
    }

    var tag: UInt8
    var contents: Contents

    /// Nil where the octets are not elements from their first to their last.
    static func read(_ octets: ArraySlice<UInt8>, depth: Int = 0) -> [BERElement]? {
        guard depth < 16 else { return nil }
        var elements: [BERElement] = []
        var rest = octets
        while let tag = rest.popFirst() {
            guard let contents = contents(&rest) else { return nil }
            let inner = tag & 0x20 == 0 ? nil : read(contents, depth: depth + 1)
            elements.append(
                BERElement(tag: tag, contents: inner.map(Contents.constructed) ?? .primitive(Array(contents)))
            )
        }
        return elements
    }

    private static func contents(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard var length = rest.popFirst().map(Int.init) else { return nil }
        if length >= 0x80 {
            let count = length & 0x7F
            guard (1...3).contains(count), count <= rest.count else { return nil }
            length = rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(count)
        }
        guard length <= rest.count else { return nil }
        defer { rest = rest.dropFirst(length) }
        return rest.prefix(length)
    }

    var octets: [UInt8] {
        let body =
            switch contents {
            case .primitive(let octets): octets
            case .constructed(let elements): elements.flatMap(\.octets)
            }
        guard body.count >= 0x80 else { return [tag, UInt8(body.count)] + body }
        return [tag, 0x83] + [16, 8, 0].map { UInt8(truncatingIfNeeded: body.count >> $0) } + body
    }
}
