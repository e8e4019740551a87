import java.nio.file.Files;
import java.nio.file.Path;
import org.ofdrw.layout.OFDDoc;
import org.ofdrw.layout.element.Paragraph;

/** Writes each text file it is given as an OFD beside it, a paragraph for each line. */
public class WriteOfd {
    public static void main(String[] files) throws Exception {
        for (String file : files) {
            try (OFDDoc document = new OFDDoc(Path.of(file + ".ofd"))) {
                for (String line : Files.readAllLines(Path.of(file))) {
                    document.add(new Paragraph(line));
                }
            }
        }
    }
}
