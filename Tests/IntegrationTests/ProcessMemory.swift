import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// What another process holds in memory, searched as a debugger would: root may.
struct ProcessMemory {
    private let identifier: Int32

    init(_ identifier: Int32) { self.identifier = identifier }

    /// As UTF-8 and as AD's unicodePwd has it.
    static func spellings(_ text: String) -> [[UInt8]] {
        [Array(text.utf8), text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }]
    }

    /// Where the texts are: the mapping, and what stands around them.
    func places(of texts: [String]) throws -> [String] {
        let maps = try String(contentsOfFile: "/proc/\(identifier)/maps", encoding: .utf8)
        let descriptor = open("/proc/\(identifier)/mem", O_RDONLY)
        guard descriptor >= 0 else { throw ProgramFailure(words: "the memory of \(identifier) can't be read") }
        defer { close(descriptor) }
        let markers = texts.flatMap(Self.spellings)
        var found: [String] = []
        for line in maps.split(separator: "\n") where line.contains(" rw") {
            let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt64($0, radix: 16) }
            // So large is a sanitizer's shadow alone.
            guard ends.count == 2, ends[1] - ends[0] < 1 << 30 else { continue }
            let octets = read(descriptor, from: ends[0], count: Int(ends[1] - ends[0]))
            let data = Data(octets)
            for marker in markers {
                var start = data.startIndex
                while let range = data.range(of: Data(marker), in: start..<data.endIndex), found.count < 40 {
                    let around = data[max(0, range.lowerBound - 48)..<min(data.count, range.upperBound + 24)]
                    let shown = String(decoding: around.map { 32...126 ~= $0 ? $0 : 46 }, as: UTF8.self)
                    found.append("\(line.split(separator: " ").last ?? "") +\(range.lowerBound): \(shown)")
                    start = range.upperBound
                }
            }
        }
        return found
    }

    private func read(_ descriptor: Int32, from address: UInt64, count: Int) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: count)
        var done = 0
        let piece = 1 << 20
        while done < count {
            let got = octets.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress! + done, min(piece, count - done), off_t(address) + off_t(done))
            }
            // Pages that aren't there are no error of ours.
            done += got > 0 ? got : piece
        }
        return octets
    }
}
