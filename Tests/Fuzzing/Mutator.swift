import Support

/// Makes inputs of samples: damaged, cut, spliced, repeated, with lengths and numbers that lie. The same seed makes the same.
struct Mutator {
    static let maximumOctets = 1 << 15

    private let subject: FuzzSubject
    private var random: SplitMix64

    init(_ subject: FuzzSubject, seed: UInt64) {
        self.subject = subject
        random = SplitMix64(seed: subject.name.utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
    }

    mutating func next() -> [UInt8] {
        if random.below(50) == 0 { return octets(upTo: 64) }
        var input = sample()
        for _ in 0..<(random.pick([1, 1, 1, 2, 2, 3, 4, 7]) ?? 1) { mutate(&input) }
        if input.count > Self.maximumOctets { input.removeLast(input.count - Self.maximumOctets) }
        return input
    }

    private mutating func sample() -> [UInt8] { random.pick(subject.samples) ?? [] }

    private mutating func octets(upTo count: Int) -> [UInt8] {
        (0..<random.below(count + 1)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    private mutating func span(of input: [UInt8]) -> Range<Int> {
        let start = random.below(input.count + 1)
        let longest = random.below(8) == 0 ? input.count - start : min(16, input.count - start)
        return start..<(start + random.below(longest + 1))
    }

    private mutating func mutate(_ input: inout [UInt8]) {
        guard !input.isEmpty else {
            input = octets(upTo: 16)
            return
        }
        let place = random.below(input.count)
        switch random.below(14) {
        case 0: input[place] ^= 1 << UInt8(random.below(8))
        case 1: input[place] = Self.telling[random.below(Self.telling.count)]
        case 2: input.insert(contentsOf: octets(upTo: 8), at: place)
        case 3: input.removeSubrange(span(of: input))
        case 4: input.removeLast(input.count - place)
        case 5: input.insert(contentsOf: token(), at: place)
        case 6:
            let other = sample()
            input = Array(input[..<place] + other[random.below(other.count + 1)...])
        case 7: input.insert(contentsOf: input[span(of: input)], at: place)
        case 8: repeatSpan(&input)
        case 9: lieAboutLength(&input, at: place)
        case 10: changeNumber(&input)
        case 11: changeElement(&input)
        case 12: input[place] = input[random.below(input.count)]
        default:
            let span = span(of: input)
            input.replaceSubrange(span, with: token())
        }
    }

    private mutating func token() -> [UInt8] {
        random.below(3) > 0 ? random.pick(subject.tokens) ?? octets(upTo: 4) : random.pick(Self.everywhere) ?? []
    }

    /// Deep nesting, long lists, many of the same.
    private mutating func repeatSpan(_ input: inout [UInt8]) {
        let span = span(of: input)
        guard !span.isEmpty else { return }
        let most = min(random.pick([4, 40, 400, 4_000]) ?? 4, Self.maximumOctets / span.count)
        let piece = Array(input[span])
        let copies = (0..<random.below(most + 1)).flatMap { _ in piece }
        input.insert(contentsOf: copies, at: span.lowerBound)
    }

    /// Lengths of BER, and of records whose numbers have seven bits an octet.
    private mutating func lieAboutLength(_ input: inout [UInt8], at place: Int) {
        let lies: [[UInt8]] = [
            [0x80], [0x81, 0xFF], [0x82, 0xFF, 0xFF], [0x83, 0xFF, 0xFF, 0xFF], [0x84, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x84, 0x7F, 0xFF, 0xFF, 0xFF], [0x84, 0x80, 0, 0, 0],
            [0x88, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0xFF, 0xFF, 0xFF, 0x7F], [0],
        ]
        let lie = random.pick(lies) ?? [0]
        let end = random.below(2) == 0 ? place + 1 : min(place + lie.count, input.count)
        input.replaceSubrange(place..<end, with: lie)
    }

    /// A run of digits becomes a number at an edge.
    private mutating func changeNumber(_ input: inout [UInt8]) {
        let start = random.below(input.count)
        guard let first = input[start...].firstIndex(where: { $0 &- 0x30 < 10 }) else { return }
        let end = input[first...].firstIndex { $0 &- 0x30 >= 10 } ?? input.count
        let numbers = [
            "0", "00", "-1", "1", "127", "128", "255", "256", "1499", "65536", "2147483647", "2147483648", "4294967295",
            "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
            "-9223372036854775808", "99999999999999999999999999999999", "0x7f", "1e9", "٣",
        ]
        input.replaceSubrange(first..<end, with: Array((random.pick(numbers) ?? "0").utf8))
    }

    /// Where the input is BER: one element is dropped, doubled, emptied, wrapped, or given another tag; the lengths around it stay true.
    private mutating func changeElement(_ input: inout [UInt8]) {
        guard var elements = BERElement.read(input[...]) else { return }
        change(&elements)
        input = elements.flatMap(\.octets)
    }

    private mutating func change(_ elements: inout [BERElement]) {
        guard !elements.isEmpty else { return }
        let index = random.below(elements.count)
        if case .constructed(var inner) = elements[index].contents, !inner.isEmpty, random.below(4) > 0 {
            change(&inner)
            elements[index].contents = .constructed(inner)
            return
        }
        switch random.below(6) {
        case 0: elements.remove(at: index)
        case 1: elements.insert(elements[index], at: index)
        case 2: elements[index].contents = .primitive([])
        case 3: elements[index] = BERElement(tag: 0x30, contents: .constructed([elements[index]]))
        case 4: elements[index].tag = UInt8(truncatingIfNeeded: random.next())
        default: elements[index].contents = .primitive(octets(upTo: 20))
        }
    }

    private static let telling: [UInt8] = [
        0, 1, 2, 4, 0x0A, 0x0D, 0x20, 0x22, 0x23, 0x28, 0x29, 0x2A, 0x2B, 0x2C, 0x30, 0x31, 0x3A, 0x3B, 0x3C, 0x3D,
        0x3E,
        0x5C, 0x7F, 0x80, 0x84, 0xC0, 0xC3, 0xED, 0xF4, 0xFE, 0xFF,
    ]
    private static let everywhere: [[UInt8]] = [
        [0], [0xC3, 0x9F], [0xE2, 0x80, 0x8B], [0xF0, 0x9F, 0x92, 0xA9], [0xED, 0xA0, 0x80], [0xC0, 0x80],
        [0xCC, 0x81],
        Array("\\00".utf8), Array("\\".utf8), Array("%00".utf8), Array("'".utf8), Array("\r\n".utf8),
    ]
}
